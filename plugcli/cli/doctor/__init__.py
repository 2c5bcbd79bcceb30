"""`plugcli doctor`: which layers of the sandbox work here, where this is, and what turns the others on."""
