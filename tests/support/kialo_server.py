"""A server in the shapes of Kialo's interface, with invented debates and faults."""

import json
import re
from urllib.parse import parse_qs

from werkzeug import Response

from alignment.study.schema import Debates

ROBOTS = "User-agent: *\nDisallow: /export/\n"


class Kialo:
    """A server with invented debates; `faults`: by path, the answers before the right one."""

    def __init__(self, server, debates=25):
        self.debates, self.asked, self.faults, self.agents = (
            [str(n) for n in range(100, 100 + debates)],
            [],
            {},
            set(),
        )
        self.robots, self.list_is_gone, self.private = ROBOTS, False, set()
        self.server = server
        server.expect_request(re.compile(".*")).respond_with_handler(self.answer)

    def answer(self, request):
        query = request.query_string.decode()
        address = f"{request.path}?{query}" if query else request.path
        self.asked.append(address)
        self.agents.add(request.headers["User-Agent"])
        if self.faults.get(address):
            fault = self.faults[address].pop(0)
            return fault if isinstance(fault, Response) else fault(request)
        if request.path == "/robots.txt":
            return Response(self.robots, mimetype="text/plain")
        if request.path == "/api/v1/discussions":
            return self.page(**{k: v[0] for k, v in parse_qs(query).items()})
        if request.path == "/sitemap_discussions.xml":
            places = "".join(
                f"<url><loc>https://a.org/may-cats-vote-{d}</loc></url>" for d in self.debates
            )
            return Response(
                f"<?xml version='1.0'?><urlset>{places}</urlset>", mimetype="application/xml"
            )
        debate = re.search(r"(\d+)(?:/perspectives/1/votes)?(?:\?.*)?$", address)[1]
        if debate in self.private:
            return Response("{}", 403)
        if request.path == "/api/v1/discussiongraph":
            return as_json(graph(debate))
        if "/perspectives/" in request.path:
            return as_json({"votes": {f"{debate}.3": [0, 0, 0, 1, int(debate) % 7]}})
        return Response(f"<title>May cats {debate} vote? | Kialo</title>")

    def page(self, filter, sort, limit, skip):
        if self.list_is_gone:
            return Response("gone", 404)
        skip, limit = int(skip), int(limit)
        names = self.debates[
            max(0, skip - 1) : skip + limit - bool(skip)
        ]  # the last debate of a page comes again
        rows = [{"id": d, "title": f"Cat {d}", "language": "en", "voteCount": 9} for d in names]
        return as_json({"discussions": rows})

    def settings(self, **more):
        site = {"base_url": self.server.url_for(""), "permission": True, "contact": "cats@a.org"}
        return Debates(**{"source": "kialo", **site, "wait_seconds": 0, "limit": 10, **more})


def graph(debate):
    root, thesis = f"{debate}.0", f"{debate}.3"
    places = [(1, root, None, None), (2, thesis, root, 0)]
    names = ("id", "targetId", "parentId", "relation")
    locations = [dict(zip(names, (f"{debate}.{n}", *rest), strict=True)) for n, *rest in places]
    claims = [{"id": root, "text": ""}, {"id": thesis, "text": f"Cat {debate} may vote."}]
    return {"claims": claims, "locations": locations}


def as_json(answer):
    return Response(json.dumps(answer), mimetype="application/json")
