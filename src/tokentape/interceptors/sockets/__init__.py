"""What stands in for a socket under http.client, and so under urllib3: its sending, its file, its faults."""
