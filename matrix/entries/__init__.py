"""One file for each SDK or family of SDKs; the package's docstring has the shape of an entry."""
