"""The widgets: clients of the SDK that a notebook shows. Each has a `.py`, a `.js` and a `.css` of one stem."""
