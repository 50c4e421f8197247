"""What Postfix will do with mail for one destination: the interface's `dns` from `status` on.

Follows smtp(8) of any version from 2.7 on, by smtp_connect.c, smtp_addr.c and dns_rr.c.  Speaks of
new connections only: a cached session keeps its family.  TLS policies that skip an MX host
(MTA-STS) are not looked up, which a warning says where there are any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
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

NO_SMTP = ("not_smtp", "virtual_alias", "several")
"""The statuses of mail that no single SMTP client delivers, which is nothing bad."""


def predict_route(settings: Settings, route: Route, answers: Sequence[Answer]) -> Prediction:
    """The prediction for a route: its transport's settings, overrides and ports looked up here.

    `answers`: one for each of `route.next_hops`, then one for each of `route.fallback` (these may be
    missing).  A route that no SMTP client serves has the status `not_smtp`, or `error`; one that tables leave
    open `unknown` (they cannot be asked), `virtual_alias` (a domain of addresses elsewhere) or `several`; a
    next hop that smtp(8) refuses `bad_next_hop`.
    """
    if (open_end := _open_end(route)) is not None:
        return open_end
    transport = settings.transport(route.transport)
    local = bool(settings.transports) and route.transport not in settings.transports
    if (
        local
        or transport.command not in ("smtp", "lmtp")
        or any(h.startswith("unix:") for h in route.next_hops)
    ):
        return _not_smtp(route)
    if not route.next_hops:
        status = "bad_next_hop" if transport.command == "smtp" else "not_smtp"
        return Prediction(status=status, why=f"{route.reason}.")
    hops = (*route.next_hops, *route.fallback)
    prediction = predict(
        answers[: len(route.next_hops)],
        transport,
        settings.own_addresses,
        mail_version=settings.mail_version,
        port_is_25=[_is_25(hop, transport) for hop in hops],
        fallback=answers[len(route.next_hops) :],
        route=route,
        overrides=settings.overrides,
    )
    policies = _tls_policies(settings, transport)
    if not policies or len(prediction.order) < 2:
        return prediction
    said = f"{policies} may make Postfix skip some of these addresses: policies are not looked up here"
    return replace(prediction, warnings=(*prediction.warnings, said))


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


def _tls_policies(settings: Settings, transport: Transport) -> str:
    """`smtp_tls_policy_maps = …` as the transport has it, or "".

    smtp_connect.c: an address whose policy look-up fails is passed over, and with MTA-STS (3.10.5) one whose
    name the policy does not list.
    """
    name = f"{transport.command}_tls_policy_maps"
    value = settings.values.get(name, "")
    for override in settings.overrides:
        if (override.service, override.parameter) == (transport.service, name):
            value = override.value
    return f"{name} = {value}" if value else ""


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
    if prediction.status in NO_SMTP:
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


def _open_end(route: Route) -> Prediction | None:
    """Where the tables leave it open where mail goes."""
    if route.source == "virtual_alias_maps":
        return Prediction(
            status="virtual_alias", why=f"{route.destination} is {route.reason}; ask for an address."
        )
    if route.transport:
        return None
    if route.cases:
        ways = "; ".join(
            f"{who} goes to {', '.join(one.next_hops) or one.transport}" for who, one in route.cases
        )
        return Prediction(status="several", why=f"{route.rewritten}: {ways}.")
    return Prediction(
        status="unknown", why=f"Where mail for {route.destination} goes is {route.reason or 'not known'}."
    )


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
