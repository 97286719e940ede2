@echo off
rem The lethe command of a release on Windows: needs JAVA_HOME of a JDK 25, or java on the PATH.
setlocal
set "app=%~dp0.."
set "java=java"
if defined JAVA_HOME set "java=%JAVA_HOME%\bin\java"
set "classpath=%app%\lib\*"
if exist "%app%\lib\%~1\" set "classpath=%classpath%;%app%\lib\%~1\*"
if not defined OMP_WAIT_POLICY set "OMP_WAIT_POLICY=PASSIVE"
"%java%" --add-modules=jdk.incubator.vector --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow -Dorg.bytedeco.javacpp.maxPhysicalBytes=0 -Dslf4j.internal.verbosity=ERROR %LETHE_JVM% -cp "%classpath%" org.lethe.cli.Lethe %*
exit /b %ERRORLEVEL%
