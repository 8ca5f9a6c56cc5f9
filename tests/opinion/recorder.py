"""A loopback proxy that writes down every request and passes it on.

    python recorder.py --to http://127.0.0.1:4566 --log requests.jsonl

Prints the address that it listens on. One line of JSON per request: method, path, headers, body (base64).
"""

import argparse
import base64
import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

# Of one connection, not of the request.
HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class Recorder(ThreadingHTTPServer):
    """Where it passes requests on to, and where it writes them down."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, upstream, log):
        super().__init__(("127.0.0.1", 0), Handler)
        self.upstream, self.log, self.lock = urlsplit(upstream).netloc, log, threading.Lock()

    def write(self, entry):
        with self.lock:
            self.log.write(json.dumps(entry) + "\n")
            self.log.flush()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def pass_on(self):
        body = self.read_body()
        headers = dict(self.headers.items())
        self.server.write({"method": self.command, "path": self.path, "headers": headers,
                           "body": base64.b64encode(body).decode()})
        upstream = http.client.HTTPConnection(self.server.upstream, timeout=60)
        try:
            kept = {name: value for name, value in headers.items() if name.lower() not in HOP}
            upstream.request(self.command, self.path, body, {**kept, "Content-Length": str(len(body))})
            self.answer(upstream.getresponse())
        except (OSError, http.client.HTTPException):
            self.close_connection = True  # an answer lost behind us is lost before us too
        finally:
            upstream.close()

    def read_body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def answer(self, response):
        content = response.read()
        self.send_response_only(response.status)
        for name, value in response.getheaders():
            if name.lower() not in HOP:
                self.send_header(name, value)
        length = response.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
        self.send_header("Content-Length", length or "0")
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = pass_on

    def log_message(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", required=True)
    parser.add_argument("--log", required=True)
    given = parser.parse_args()
    with open(given.log, "w", encoding="utf-8") as log:
        recorder = Recorder(given.to, log)
        print(f"Recording on http://127.0.0.1:{recorder.server_port}", flush=True)
        recorder.serve_forever()


if __name__ == "__main__":
    main()
