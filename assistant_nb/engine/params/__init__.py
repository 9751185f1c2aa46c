"""What the bodies and queries of requests may hold."""
