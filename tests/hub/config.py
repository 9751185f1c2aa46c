"""The configuration of the Hub that `run.py` starts: everything on this machine, nothing of whoever starts it."""

import os
from typing import Any

get_config: Any
c = get_config()  # noqa: F821  JupyterHub runs this file with it
home, port, proxy = os.environ["HUB_HOME"], int(os.environ["HUB_PORT"]), os.environ["HUB_PROXY"]
c.JupyterHub.bind_url = f"http://127.0.0.1:{port}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{port + 1}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{port + 2}"
c.ConfigurableHTTPProxy.command = [proxy]
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = f"{home}/{{username}}"
c.Spawner.cmd = ["jupyterhub-singleuser", "--allow-root"]
c.Spawner.args = ["--LabApp.news_url=None"]
c.Spawner.environment = {"PATH": os.environ["PATH"]}
c.Spawner.start_timeout = c.Spawner.http_timeout = 300
c.JupyterHub.concurrent_spawn_limit = 10
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.db_url = f"sqlite:///{home}/hub.sqlite"
c.JupyterHub.cookie_secret_file = f"{home}/cookie"
c.JupyterHub.services = [{"name": "class", "api_token": os.environ["HUB_TOKEN"]}]
c.JupyterHub.load_roles = [
    {"name": "class", "scopes": ["admin:users", "admin:servers", "access:servers"], "services": ["class"]}
]
