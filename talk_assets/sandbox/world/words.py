"""What invented names and addresses are made of: only lists. What is made of them is in `numbers` and `world`."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = _words(
    "Kari Ola Ingrid Lars Åse Bjørn Sigrid Håkon Liv Per Marit Øyvind Anne Knut Solveig Jan Hilde Tor Ragnhild "
    "Arne Silje Magnus Tuva Emil Nora Jakob Ida Henrik Sofie Oskar Emma Filip Maja Kristian Thea Jonas Frida "
    "Mathias Ella Sander Gunnhild Torbjørn Astrid Eirik Synnøve Odd Bergljot Leif Wenche Trond Unni Svein Turid "
    "Geir Randi Stian Vigdis Pål"
)

LAST_NAMES = _words(
    "Hansen Johansen Olsen Larsen Andersen Pedersen Nilsen Kristiansen Jensen Karlsen Johnsen Pettersen Eriksen "
    "Berg Haugen Hagen Johannessen Andreassen Jacobsen Dahl Jørgensen Halvorsen Henriksen Lund Sørensen Jakobsen "
    "Moen Gundersen Iversen Strand Solberg Svendsen Eide Knutsen Martinsen Paulsen Bakken Kristoffersen Mathisen "
    "Lie Amundsen Lunde Solheim Moe Nygård Bakke Fredriksen Holm Lien Hauge Christensen Andresen Nguyen Evensen "
    "Sæther Aas Hanssen Myhre Thomassen Ødegård"
)

FOUNDERS = _words(
    "Fjord Nordlys Bre Furu Granitt Havblikk Isfjell Jotun Kyst Lyng Midnatt Nordavind Odin Polar Rein Skog Tind "
    "Ulv Vidde Ørn Ås Storm Bølge Dal Elv Foss Grend Hav Istind Kvist Lauv Mose Nebb Orre Polaris Rype Seter Tuft "
    "Urd Vinter Alv Bjerk Dugg Einer Fjell Gran Hei Jerv Kløver Lom Myr Nipe Oter Puste Rogn Slette Trane Ur "
    "Varde Åker Bekk Eng Fura Gaupe"
)
"""The beginnings of company names; every system takes those of its own companies from a part of its own."""

TRADES = _words(
    "Bygg Data Regnskap Transport Rør Elektro Maling Tak Hage Møbler Bakeri Fisk Mat Kaffe Trykk Film Reklame "
    "Arkitekter Advokat Konsult Renhold Sikkerhet Sport Klær Sko Optikk Apotek Bil Båt Sykkel"
)

FORMS = _words("AS AS AS ASA ANS SA")

TITLES = (
    "Daglig leder",
    "Økonomisjef",
    "Innkjøper",
    "Selger",
    "Prosjektleder",
    "Lagersjef",
    "Regnskapsfører",
    "Driftsleder",
    "Utvikler",
    "Markedssjef",
)

STREETS = (
    "Storgata",
    "Kirkegata",
    "Skolegata",
    "Strandveien",
    "Industriveien",
    "Åsveien",
    "Fjellveien",
    "Øvre Bakkegate",
    "Havnegata",
    "Bjørkeveien",
)

PLACES = (
    ("0150", "Oslo"),
    ("5003", "Bergen"),
    ("7010", "Trondheim"),
    ("4006", "Stavanger"),
    ("9008", "Tromsø"),
    ("6003", "Ålesund"),
    ("8006", "Bodø"),
    ("1601", "Fredrikstad"),
    ("3044", "Drammen"),
    ("4612", "Kristiansand"),
    ("2615", "Lillehammer"),
    ("3724", "Skien"),
)

GOODS = _words(
    "Skrivebord Kontorstol Lampe Hylle Skjerm Tastatur Hodesett Kaffetrakter Arkivskap Tavle Stigebukk Drill "
    "Slipemaskin Arbeidslys Verktøykasse Hansker Vernesko Regnjakke Kabeltrommel Pallejekk"
)

MAKES = _words("Basis Komfort Pluss Pro Ekstra Lett Solid Mini Maks Klassisk")

UNITS = _words("stk stk stk time kg meter")
