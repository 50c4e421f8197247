"""What Postfix will do with mail for one destination: the interface's `dns` from `status` on.

Follows smtp(8) of any version from 2.7 on, by smtp_connect.c, smtp_addr.c and dns_rr.c.  Speaks of
new connections only: a cached session keeps its family.  TLS policies (MTA-STS) that skip an
MX host are not looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from mxtop.mail import nexthop
from mxtop.mail.answer import Answer
from mxtop.mail.settings import PREFERENCES, Override, Preference, Route, Settings, Transport
from mxtop.mail.snapshot import Prediction, Shares
from mxtop.route.features import Features, features
from mxtop.route.order import effective, example
from mxtop.route.share import UNEVEN_EXACT, first_ipv6
from mxtop.route.site import SMTP_PORTS, Site, resolve
from mxtop.route.why import Case, why

DELIVERABLE = ("ok", "implicit_mx")
"""The statuses that come with addresses to try."""


def predict_route(settings: Settings, route: Route, answers: Sequence[Answer]) -> Prediction:
    """The prediction for a route: its transport's settings, overrides and ports looked up here.

    `answers`: one for each of `route.next_hops`, then one for each of `route.fallback` (these may be
    missing).  A route that no SMTP client serves has the status `not_smtp`, or `error`.
    """
    transport = settings.transport(route.transport)
    local = bool(settings.transports) and route.transport not in settings.transports
    if (
        local
        or transport.command not in ("smtp", "lmtp")
        or any(h.startswith("unix:") for h in route.next_hops)
    ):
        return _not_smtp(route)
    hops = (*route.next_hops, *route.fallback)
    return predict(
        answers[: len(route.next_hops)],
        transport,
        settings.own_addresses,
        mail_version=settings.mail_version,
        port_is_25=[_is_25(hop, transport) for hop in hops],
        fallback=answers[len(route.next_hops) :],
        route=route,
        overrides=settings.overrides,
    )


def predict(
    answers: Sequence[Answer],
    transport: Transport,
    own_addresses: frozenset[str],
    *,
    mail_version: str = "",
    port_is_25: bool | Sequence[bool] = True,
    fallback: Sequence[Answer] = (),
    route: Route | None = None,
    overrides: Sequence[Override] = (),
) -> Prediction:
    """The prediction for the answers of the next hops, and of smtp_fallback_relay's after them.

    `own_addresses`: inet_interfaces and proxy_interfaces.  `port_is_25`: for all, or for each of the
    answers and fallbacks in turn; Postfix looks for itself among the MX hosts only there.  `route` and
    `overrides` only add to the sentence, except that no share is told where the sender decides.
    ValueError without an answer.
    """
    if not answers:
        raise ValueError("a prediction needs the answer for at least one next hop")
    rules = features(mail_version)
    if not rules.hop_list and len(answers) > 1:
        return _list_too_early(answers, mail_version)
    ports = [port_is_25] * len([*answers, *fallback]) if isinstance(port_is_25, bool) else list(port_is_25)
    sites = _sites([*answers, *fallback], ports, transport, own_addresses, rules)
    usable = [site for site in sites if site.candidates]
    site = usable[0] if usable else sites[0]
    now = effective(transport, rules)
    shares = {p: first_ipv6(site, p, transport, rules) for p in PREFERENCES}
    case = Case(
        site=site,
        transport=transport,
        rules=rules,
        preference=now,
        share=shares[now] if now else None,
        route=route,
        overrides=overrides,
        skipped=sites[: sites.index(site)],
    )
    order = tuple(c for each in usable for c in example(each, now, transport, rules)) if now else ()
    return Prediction(
        status=site.status,
        shares=Shares() if route is not None and route.by_sender else _shares(shares, now, rules),
        why=why(case),
        order=order,
        candidates=tuple(c for each in usable for c in each.candidates),
        warnings=tuple(dict.fromkeys(_warnings(sites, transport, rules))),
    )


def deciding_site(settings: Settings, route: Route, answers: Sequence[Answer]) -> Site | None:
    """The next hop whose addresses decide the first try, as `predict_route` does; None without addresses."""
    transport = settings.transport(route.transport)
    rules = features(settings.mail_version)
    if not rules.hop_list and len(route.next_hops) > 1:
        return None
    ports = [_is_25(hop, transport) for hop in (*route.next_hops, *route.fallback)]
    sites = _sites(answers, ports, transport, settings.own_addresses, rules)
    return next((site for site in sites if site.candidates), None)


def undeliverable(prediction: Prediction) -> bool:
    """Whether mail cannot be delivered as things are: the `dns` command's exit code 1."""
    if prediction.status == "not_smtp":
        return False
    return prediction.status not in DELIVERABLE or not prediction.order


def _sites(
    answers: Sequence[Answer],
    ports: Sequence[bool],
    transport: Transport,
    own_addresses: frozenset[str],
    rules: Features,
) -> list[Site]:
    """The next hops in turn, up to the last that Postfix would look at."""
    sites: list[Site] = []
    for answer, is_25 in zip(answers, ports, strict=False):
        loop_detect = is_25 and transport.command != "lmtp"
        sites.append(resolve(answer, transport, own_addresses, rules, loop_detect=loop_detect))
        if sites[-1].final:
            break
    return sites


def _shares(shares: dict[Preference, Fraction | None], now: Preference | None, rules: Features) -> Shares:
    told = {p: None if share is None else float(share) for p, share in shares.items()}
    current = told[now] if now else None
    if not rules.preference:  # nothing to set
        return Shares(now=current)
    return Shares(now=current, any=told["any"], ipv4=told["ipv4"], ipv6=told["ipv6"])


def _is_25(hop: str, transport: Transport) -> bool:
    try:
        port = nexthop.parse(hop).port
    except ValueError:
        port = None
    return (port or transport.smtp_tcp_port) in SMTP_PORTS


def _not_smtp(route: Route) -> Prediction:
    target = f"{route.transport}:{', '.join(route.next_hops)}".rstrip(":")
    if route.source:
        target += f" ({route.source})"
    if route.transport in ("error", "retry"):
        return Prediction(
            status="error", why=f"Mail for {route.destination} goes to {target}, which never delivers."
        )
    return Prediction(
        status="not_smtp",
        why=f"Mail for {route.destination} goes to {target}, not over SMTP: MX and family do not count.",
    )


def _list_too_early(answers: Sequence[Answer], mail_version: str) -> Prediction:
    names = ", ".join(answer.name for answer in answers)
    return Prediction(
        status="no_address",
        why=f"Postfix {mail_version} takes one next hop only (lists came with 3.5): it looks up "
        f'"{names}" as one name, which does not exist.',
    )


def _warnings(sites: Sequence[Site], transport: Transport, rules: Features) -> list[str]:
    """The answers' own (failed lookups, settings that hide records), then what the choice itself adds."""
    said: list[str] = []
    for site in sites:
        said.extend(site.answer.warnings)
        said.extend(_site_warnings(site, transport, rules))
    return said


def _site_warnings(site: Site, transport: Transport, rules: Features) -> list[str]:
    said = []
    if site.truncated:
        said.append(
            f"{site.answer.name} has more than {rules.record_limit} addresses: Postfix ignores the rest"
        )
    families = {candidate.family for candidate in site.best}
    shuffled = transport.smtp_randomize_addresses and site.mode != "srv"
    if shuffled and not rules.fair_shuffle and len(families) == 2 and len(site.candidates) > UNEVEN_EXACT:
        said.append("Postfix before 2.11 shuffles long lists unevenly: the share under any is approximate")
    hosts = {candidate.host for candidate in site.best}
    if not transport.smtp_randomize_addresses and site.mode == "mx" and len(hosts) > 1 and len(families) == 2:
        said.append("the order of equal MX hosts is the resolver's, which may change from answer to answer")
    return said
