PATHS = ("/legal",)
