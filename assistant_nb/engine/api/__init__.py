"""The API's operations, one file per resource. A handler parses, calls one function, shapes the answer."""
