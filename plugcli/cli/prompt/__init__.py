"""`plugcli prompt`: show what the model reads of a plugin."""
