#!/bin/bash
# A double click on a Mac opens Atelier; the window of the terminal stays open when something must be read.
cd "$(dirname "$0")" || exit 1
python=$(command -v python3.14 || command -v python3.13 || command -v python3.12 || command -v python3.11 || command -v python3)
if [ -z "$python" ]; then
  echo "Atelier needs Python 3.11 or newer. Get it from https://www.python.org/downloads/ and try again."
else
  "$python" main.py "$@" && exit 0
fi
read -r -p "Press Return to close this window. "
