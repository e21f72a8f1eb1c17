"""Starts Holdfast's own nodes, and nginx in front of them, for one run. stores.py starts the stores."""

import grp
import os
import pwd
import secrets
import shutil
import subprocess
import time
import urllib.error
import urllib.request

from processes import Failure
from stores import free_port

READY_SECS = 60.0
PORT_TRIES = 3
NGINX_TEMPLATE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                              "..", "..", "deploy", "nginx", "holdfast.conf.template")

# The limits by address and by buyer, which runs that play a crowd raise.
LIMITS = ("ADDRESS_READS_PER_MINUTE", "ADDRESS_REQUESTS_PER_MINUTE", "USER_REQUESTS_PER_MINUTE",
          "GUESTS_PER_MINUTE", "PROOFS_PER_MINUTE")
# Settings of the caller's shell that must not reach the started nodes.
OURS = (*LIMITS, "HOLDFAST_BIND", "HOLDFAST_INTERNAL_BIND", "HOLDFAST_ENV", "HOLDFAST_DEVELOPMENT_ANYWHERE",
        "HOLDFAST_DATA_DIR", "DATABASE_URL", "REDIS_URLS", "JWT_SECRET", "JWT_SECRET_PREVIOUS",
        "KEY_RING", "GUEST_TOKEN_SECRET", "CORS_ORIGINS", "TRUSTED_PROXIES", "PUBLIC_URL", "RATE_LIMITS",
        "AMQP_URL", "SMTP_URL", "DEFAULT_PAYMENT_PROVIDER", "STRIPE_SECRET_KEY",
        "STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_API_BASE",
        "STRIPE_METHOD_TYPES")


class Server:
    """A running HTTP server. `ready_secs` is the time until it was ready."""

    def __init__(self, process, url, ready_secs):
        self.process, self.url, self.ready_secs = process, url, ready_secs

    @property
    def pid(self):
        return self.process.pid


def node_settings(folder, database_url, redis_urls, **more):
    """The environment that all nodes of a cluster share, with secrets made for this run."""
    data = os.path.join(folder, "data")
    os.makedirs(data, exist_ok=True)
    env = {name: value for name, value in os.environ.items()
           if name not in OURS and name.removesuffix("_FILE") not in OURS}
    env.update({
        "HOLDFAST_ENV": "development",
        "HOLDFAST_DATA_DIR": data,
        "DATABASE_URL": database_url,
        "REDIS_URLS": ",".join(redis_urls),
        "JWT_SECRET": secrets.token_urlsafe(48),
        "KEY_RING": f"1:{secrets.token_hex(32)}",
        "TRUSTED_PROXIES": "127.0.0.1",
        **more,
    })
    return env


def start_fake_stripe(fleet, folder, binary, public):
    """Starts the replacement for Stripe; returns it with the settings that nodes need for it. Its
    webhooks go to the public address."""
    if shutil.which(binary) is None:
        raise Failure(f"{binary} is not here; build it first (cargo build -p holdfast-fake-stripe)")
    bind = f"127.0.0.1:{free_port()}"
    secret = f"whsec_{secrets.token_hex(16)}"
    started = time.monotonic()
    process = fleet.start("fake-stripe", [binary],
                          env={**os.environ, "FAKE_STRIPE_BIND": bind,
                               "FAKE_STRIPE_WEBHOOK_URL":
                                   f"{public}/api/v1/payments/webhooks/stripe",
                               "FAKE_STRIPE_WEBHOOK_SECRET": secret},
                          log_path=os.path.join(folder, "fake-stripe.log"))
    url = f"http://{bind}"
    if not wait_ready(fleet, process, f"{url}/_fake/books"):
        raise Failure(f"fake-stripe ended before it was ready:\n{process.log_tail()}")
    settings = {"DEFAULT_PAYMENT_PROVIDER": "stripe", "STRIPE_API_BASE": url,
                "STRIPE_SECRET_KEY": "sk_test_cluster", "STRIPE_PUBLISHABLE_KEY": "pk_test_cluster",
                "STRIPE_WEBHOOK_SECRET": secret}
    return Server(process, url, time.monotonic() - started), settings


def run_holdfast(binary, arguments, env):
    """Runs a subcommand to its end; its output is in the Failure if it fails."""
    try:
        done = subprocess.run([binary, *arguments], env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except FileNotFoundError as error:
        raise Failure(f"{binary} is not here; build it first") from error
    if done.returncode != 0:
        raise Failure(f"holdfast {' '.join(arguments)} failed:\n{done.stdout}")
    return done.stdout


def start_node(fleet, folder, name, binary, env, port=None):
    """Starts `holdfast serve` on this port, or on a free one, and waits until it is ready."""
    if shutil.which(binary) is None:
        raise Failure(f"{binary} is not here; build it first")
    for attempt in range(1, PORT_TRIES + 1):
        bound = port or free_port()
        started = time.monotonic()
        process = fleet.start(name, [binary, "serve"],
                              env={**env, "HOLDFAST_BIND": f"127.0.0.1:{bound}"},
                              log_path=os.path.join(folder, f"{name}.log"))
        url = f"http://127.0.0.1:{bound}"
        if wait_ready(fleet, process, f"{url}/readyz"):
            return Server(process, url, time.monotonic() - started)
        if "in use" not in process.log_tail() or attempt == PORT_TRIES:
            raise Failure(f"{name} ended before it was ready:\n{process.log_tail()}")
    raise AssertionError("unreachable: the last attempt returns or raises")


def start_nginx(fleet, folder, upstreams, port):
    """Starts nginx on the loopback port in front of the nodes' addresses (host:port)."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        raise Failure("nginx is not here; run scripts/setup.sh cluster")
    home = os.path.join(folder, "nginx")
    os.makedirs(home)
    os.chmod(home, 0o711)
    with open(NGINX_TEMPLATE) as template:
        site = template.read()
    servers = " ".join(f"server {address} max_fails=3 fail_timeout=2s;" for address in upstreams)
    site = (site.replace("${HOLDFAST_LISTEN}", f"127.0.0.1:{port}")
                .replace("${HOLDFAST_UPSTREAMS}", servers))
    user = ""
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        user = f"user nobody {grp.getgrgid(nobody.pw_gid).gr_name};"
    config = os.path.join(home, "nginx.conf")
    with open(config, "w") as out:
        out.write(f"""\
daemon off;
{user}
worker_processes 1;
pid {home}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    {site}
}}
""")
    process = fleet.start("nginx", [program, "-p", home, "-e", "stderr", "-c", config],
                          log_path=os.path.join(folder, "nginx.log"))
    url = f"http://127.0.0.1:{port}"
    started = time.monotonic()
    if not wait_ready(fleet, process, f"{url}/readyz"):
        raise Failure(f"nginx ended before it was ready:\n{process.log_tail()}")
    return Server(process, url, time.monotonic() - started)


def wait_ready(fleet, process, url):
    """True once `url` answers with a 2xx, False when the process ended first."""
    deadline = time.monotonic() + READY_SECS
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline:
        if not fleet.running(process):
            return False
        try:
            with opener.open(url, timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.01)
    raise Failure(f"{process.name} was not ready in {READY_SECS:.0f} s:\n{process.log_tail()}")
