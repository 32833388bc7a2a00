"""Starts uvoy, nginx and HAProxy in front of one origin, each as it would be deployed: keep-alive
to the endpoint, connections reused, the client's Host passed on."""

import contextlib
import json
import pathlib
import signal
import socket
import subprocess
import tempfile
import time

import harness
import settings

NGINX = """
daemon off; worker_processes 1; user root; pid {dir}/nginx.pid; error_log {dir}/nginx.log crit;
events {{ worker_connections 512; }}
http {{
    access_log off;
    proxy_temp_path {dir}/proxy; client_body_temp_path {dir}/body;
    upstream app {{ server 127.0.0.1:{origin} max_fails=0; keepalive 16; }}
    map $http_upgrade $wants {{ default ""; ~*^websocket$ websocket; }}
    map $wants $with {{ default upgrade; "" ""; }}
    server {{
        listen 127.0.0.1:{port};
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header Connection "";
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_next_upstream off;
        location / {{ proxy_pass http://app; }}
        location /ws {{
            proxy_pass http://app;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $wants;
            proxy_set_header Connection $with;
        }}
    }}
}}
"""

HAPROXY = """
global
    nbthread 1
defaults
    mode http
    retries 0
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    timeout http-request 5s
    http-reuse always
    option forwardfor
frontend web
    bind 127.0.0.1:{port}
    default_backend app
backend app
    server origin 127.0.0.1:{origin}
"""

NAMES = ("uvoy", "nginx", "haproxy")


def command(name, directory, port, origin):
    def write(file, text):
        path = pathlib.Path(directory, file)
        path.write_text(text)
        return str(path)

    values = {"dir": directory, "port": port, "origin": origin}
    if name == "nginx":
        return ["nginx", "-c", write("nginx.conf", NGINX.format(**values))]
    if name == "haproxy":
        return ["haproxy", "-f", write("haproxy.cfg", HAPROXY.format(**values))]
    config = settings.uvoy(origin)
    config["listeners"]["web"]["address"] = f"127.0.0.1:{port}"
    return [harness.BINARY, "run", write("uvoy.json", json.dumps(config))]


def wait_until_open(process, port):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args[0]} does not listen on port {port}")


@contextlib.contextmanager
def running(name, origin):
    """The port of the proxy of this name."""
    port = harness.free_port()
    with tempfile.TemporaryDirectory(prefix="conformance-") as directory:
        with open(pathlib.Path(directory, "out"), "wb") as out:
            process = subprocess.Popen(
                command(name, directory, port, origin),
                stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            )  # fmt: skip
        try:
            wait_until_open(process, port)
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def version(name):
    """As the program tells it."""
    flag = {"uvoy": "version", "nginx": "-v", "haproxy": "-v"}[name]
    program = harness.BINARY if name == "uvoy" else name
    told = subprocess.run([program, flag], capture_output=True, text=True)
    return (told.stdout + told.stderr).splitlines()[0]
