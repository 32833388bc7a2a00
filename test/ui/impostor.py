"""Answers as an admin address does: uvoy's own page, but with data that a test makes."""

import http.server
import json
import threading

import wire


class Impostor:
    """`answers` are JSON by path; what is not there is 404."""

    def __init__(self, uvoy, answers):
        self.answers = answers
        self.page = wire.ask(uvoy.admin_port, "/", fields=[("Accept", "text/html")],
                             host="localhost")

    def __enter__(self):
        impostor = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                impostor.answer(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, request):
        path = request.path.split("?")[0]
        wants_page = "text/html" in request.headers.get("Accept", "")
        fields = [("Content-Type", "application/json")]
        if path == "/" and wants_page:
            kept = ("content-type", "content-security-policy")
            fields = [(name, value) for name, value in self.page.fields if name.lower() in kept]
            body = self.page.body
        elif path == "/":
            fields = [("Content-Type", "text/plain")]
            body = "".join(f"{known} is here\n" for known in self.answers).encode()
        else:
            body = json.dumps(self.answers.get(path)).encode()
        request.send_response(200 if path == "/" or path in self.answers else 404)
        for name, value in [*fields, ("Content-Length", len(body))]:
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)
