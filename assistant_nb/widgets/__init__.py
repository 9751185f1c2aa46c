"""The widgets: clients of the SDK that a notebook shows. Each has a folder; in it `.py`, `.js`, `.css` share a stem."""
