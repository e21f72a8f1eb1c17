"""Sends one HTTP request from a script, because curl may be missing.

    request.py GET|POST|PUT|DELETE URL [JSON]    prints the body; exit 1 unless the response is a 2xx
    request.py field NAME                        prints a member of the JSON object on stdin
"""

import json
import sys
import urllib.error
import urllib.request

TIMEOUT_SECS = 15


def main(arguments):
    if arguments[:1] == ["field"] and len(arguments) == 2:
        print(json.load(sys.stdin)[arguments[1]])
        return 0
    if len(arguments) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    method, url, *body = arguments
    request = urllib.request.Request(url, method=method)
    if body:
        request.data = body[0].encode()
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECS) as answer:
            sys.stdout.write(answer.read().decode())
            return 0
    except urllib.error.HTTPError as error:
        print(f"{method} {url}: {error.code} {error.read(2000).decode(errors='replace')}",
              file=sys.stderr)
    except OSError as error:
        print(f"{method} {url}: {error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
