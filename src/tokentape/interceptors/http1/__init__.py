"""HTTP/1.1 as bytes, both ways: for tees that see raw bytes, and replays through a library's parser. Pure."""
