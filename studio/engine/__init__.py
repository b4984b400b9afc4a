"""The computing: training, measuring, writing text, saving and loading. Knows neither threads nor windows."""
