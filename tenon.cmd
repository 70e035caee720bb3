@echo off
rem Builds the command line tool (a no-op when nothing changed), then runs it.
setlocal
set "root=%~dp0"
dotnet build "%root%src\Tenon.Cli" -c Release -v q --nologo -clp:NoSummary 1>&2 || exit /b 1
dotnet "%root%artifacts\bin\Tenon.Cli\release\tenon.dll" %*
exit /b %ERRORLEVEL%
