"""`plugcli validate`: judge plugins as chat hosts do, and report it."""
