"""The engine: the Assistants API as a WSGI application. It never imports the SDK and never prints."""
