@echo off
rem A double click on Windows opens Atelier; this window stays open when something must be read.
cd /d "%~dp0"
where py >nul 2>nul
if %errorlevel%==0 (
  py -3 main.py %*
) else (
  python main.py %*
)
if errorlevel 1 pause
