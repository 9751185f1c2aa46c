"""The course as a JupyterLite site: what builds it, and what the engine needs in a browser."""
