"""Parts of the Data page: tables of any length, their way in, their versions, and what is done to them."""
