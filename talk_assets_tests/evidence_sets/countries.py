"""What companies and addresses look like in ten countries: legal forms, numbers, towns, streets. Towns are real, numbers are not."""

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Country:
    """`forms` are legal forms as `short, spelled out`; `digits` is how long a number is, `vat` how it is told abroad.

    `before`: whether the house number stands before the street. `streets` are endings of a street's name.
    """

    code: str
    dial: str
    phone: int
    digits: int
    vat: str
    forms: tuple[tuple[str, str], ...]
    towns: tuple[tuple[str, str], ...]
    streets: tuple[tuple[str, str], ...]
    trades: tuple[str, ...]
    branch: str
    before: bool = False

    def number(self, chance: random.Random) -> str:
        """An invented organisation number."""
        return f"{chance.randint(1, 9)}" + "".join(str(chance.randrange(10)) for _ in range(self.digits - 1))

    def telephone(self, chance: random.Random) -> str:
        """An invented number as E.164."""
        return f"+{self.dial}{chance.randint(2, 9)}" + "".join(str(chance.randrange(10)) for _ in range(self.phone - 1))

    def street(self, chance: random.Random, name: str) -> str:
        """A street with a house number."""
        ending, _ = chance.choice(self.streets)
        number = f"{chance.randint(1, 140)}{chance.choice(('', '', '', 'A', 'B'))}"
        return f"{number} {name} {ending}" if self.before else f"{name}{ending} {number}"


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((one.partition("|")[0], one.partition("|")[2]) for one in text.split(", "))


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


COUNTRIES = (
    Country(
        "NO", "47", 8, 9, "NO{}MVA",
        _pairs("AS|Aksjeselskap, ASA|Allmennaksjeselskap, ANS|Ansvarlig selskap, SA|Samvirkeforetak"),
        _pairs("0150|Oslo, 5003|Bergen, 7010|Trondheim, 4006|Stavanger, 9008|Tromsø, 6003|Ålesund, 8006|Bodø, 3044|Drammen, 4612|Kristiansand, 2615|Lillehammer, 3724|Skien, 1601|Fredrikstad"),
        _pairs("gata|gt., veien|vn., gate|gt."),
        _words("Bygg og Anlegg, Regnskap og Rådgivning, Transport, Rør, Elektro, Maling, Fisk, Data, Bakeri, Renhold, Eiendom, Konsult"),
        "avd.",
    ),
    Country(
        "SE", "46", 9, 10, "SE{}01",
        _pairs("AB|Aktiebolag, HB|Handelsbolag, KB|Kommanditbolag"),
        _pairs("11120|Stockholm, 41103|Göteborg, 21119|Malmö, 75310|Uppsala, 58222|Linköping, 70210|Örebro, 90325|Umeå, 25220|Helsingborg"),
        _pairs("gatan|g., vägen|v."),
        _words("Bygg och Anläggning, Redovisning, Åkeri, Rör, El och Data, Måleri, Fisk, Bageri, Städ, Fastigheter, Konsult"),
        "filial",
    ),
    Country(
        "DK", "45", 8, 8, "DK{}",
        _pairs("A/S|Aktieselskab, ApS|Anpartsselskab, I/S|Interessentskab"),
        _pairs("1050|København, 8000|Aarhus, 5000|Odense, 9000|Aalborg, 6700|Esbjerg, 7100|Vejle, 4000|Roskilde"),
        _pairs("gade|g., vej|v."),
        _words("Byg og Anlæg, Revision, Transport, VVS, El, Maler, Fisk, Bageri, Rengøring, Ejendomme, Rådgivning"),
        "afd.",
    ),
    Country(
        "FI", "358", 9, 8, "FI{}",
        _pairs("Oy|Osakeyhtiö, Oyj|Julkinen osakeyhtiö, Ky|Kommandiittiyhtiö"),
        _pairs("00100|Helsinki, 20100|Turku, 33100|Tampere, 90100|Oulu, 40100|Jyväskylä, 70100|Kuopio"),
        _pairs("katu|k., tie|t."),
        _words("Rakennus, Tilitoimisto, Kuljetus, Putki, Sähkö, Maalaus, Kala, Leipomo, Siivous, Kiinteistöt"),
        "toimipiste",
    ),
    Country(
        "DE", "49", 10, 9, "DE{}",
        _pairs("GmbH|Gesellschaft mit beschränkter Haftung, AG|Aktiengesellschaft, KG|Kommanditgesellschaft, GmbH & Co. KG|Kommanditgesellschaft"),
        _pairs("10115|Berlin, 20095|Hamburg, 80331|München, 50667|Köln, 60311|Frankfurt am Main, 04109|Leipzig, 28195|Bremen, 90402|Nürnberg"),
        _pairs("straße|str., weg|w., allee|all."),
        _words("Bau und Technik, Steuerberatung, Spedition, Sanitär, Elektro, Malerei, Handel und Vertrieb, Bäckerei, Reinigung, Immobilien"),
        "Niederlassung",
    ),
    Country(
        "AT", "43", 10, 8, "ATU{}",
        _pairs("GmbH|Gesellschaft mit beschränkter Haftung, AG|Aktiengesellschaft, OG|Offene Gesellschaft"),
        _pairs("1010|Wien, 8010|Graz, 4020|Linz, 5020|Salzburg, 6020|Innsbruck, 9020|Klagenfurt"),
        _pairs("gasse|g., straße|str."),
        _words("Bau und Planung, Steuerberatung, Transporte, Installationen, Elektro, Malerei, Handel, Bäckerei, Reinigung"),
        "Filiale",
    ),
    Country(
        "NL", "31", 9, 8, "{}",
        _pairs("B.V.|Besloten vennootschap, N.V.|Naamloze vennootschap, V.O.F.|Vennootschap onder firma"),
        _pairs("1012AB|Amsterdam, 3011CD|Rotterdam, 2511EF|Den Haag, 3511GH|Utrecht, 5611JK|Eindhoven, 9711LM|Groningen"),
        _pairs("straat|str., weg|w., laan|ln."),
        _words("Bouw en Techniek, Administratie, Transport, Installatie, Elektra, Schilders, Vis, Bakkerij, Schoonmaak, Vastgoed"),
        "vestiging",
    ),
    Country(
        "GB", "44", 10, 8, "{}",
        _pairs("Ltd|Limited, PLC|Public Limited Company, LLP|Limited Liability Partnership"),
        _pairs("EC1A 1BB|London, M1 1AE|Manchester, B33 8TH|Birmingham, LS1 4DY|Leeds, EH1 1YZ|Edinburgh, CF10 1EP|Cardiff, BS1 4DJ|Bristol"),
        _pairs("Street|St., Road|Rd., Avenue|Ave."),
        _words("Building and Construction, Accounting, Transport, Plumbing, Electrical, Painting, Fish and Foods, Bakery, Cleaning, Properties"),
        "branch",
        before=True,
    ),
    Country(
        "FR", "33", 9, 9, "FR32{}",
        _pairs("SARL|Société à responsabilité limitée, SAS|Société par actions simplifiée, SA|Société anonyme"),
        _pairs("75001|Paris, 69001|Lyon, 13001|Marseille, 31000|Toulouse, 44000|Nantes, 67000|Strasbourg, 33000|Bordeaux"),
        _pairs("rue|r., avenue|av."),
        _words("Bâtiment et Travaux, Comptabilité, Transports, Plomberie, Électricité, Peinture, Poissonnerie, Boulangerie, Nettoyage"),
        "agence",
        before=True,
    ),
    Country(
        "PL", "48", 9, 10, "PL{}",
        _pairs("Sp. z o.o.|Spółka z ograniczoną odpowiedzialnością, S.A.|Spółka akcyjna"),
        _pairs("00001|Warszawa, 30001|Kraków, 80001|Gdańsk, 50001|Wrocław, 60001|Poznań, 90001|Łódź"),
        _pairs("owa|ow., ska|sk."),
        _words("Budownictwo i Remonty, Księgowość, Transport, Instalacje, Elektro, Malarstwo, Ryby, Piekarnia, Nieruchomości"),
        "oddział",
    ),
)  # fmt: skip

AND = (" og ", " och ", " und ", " en ", " and ", " et ", " i ")
"""Between two words of a name, in each language; all are also written as an ampersand."""

STEMS = tuple(
    "Nordlys Fjord Granitt Havblikk Isfjell Jotun Kyst Lyng Midnatt Polar Rein Skog Tind Ulv Vidde Ørn Storm Bølge Elv "
    "Foss Grend Kvist Mose Orre Rype Tuft Vinter Bjerk Hei Jerv Kløver Myr Puste Rogn Trane Varde Åker Bekk Gaupe Alfa "
    "Beta Delta Sigma Atlas Orion Titan Merkur Falk Adler Krone Stern Berg Thal Lind Eiche Wolf Falke Blume Rosen Silber "
    "Gold Eisen Stahl Kupfer Mersey Severn Oak Ashford Kingsley Harrow Lumière Soleil Rivière Montagne Chêne Étoile "
    "Wisła Tatra Orzeł Sokół Dąb Järvi Koski Metsä Karhu Kotka Tuuli Älv Sjö Skåne Björk Ek Gran Sten Klippan Molen "
    "Dijk Polder Tulp Zee Duin Haven Veld".split()
)
"""The beginnings of company names and of streets."""

FOUNDERS = tuple(
    "Hansen Johansen Olsen Larsen Andersen Nilsen Kristiansen Berg Haugen Hagen Dahl Lund Moen Strand Solberg Eide "
    "Bakken Lie Moe Holm Lien Sæther Ødegård Johansson Lindqvist Bergström Sjöberg Nyström Ekström Nørgaard Møller "
    "Sørensen Kjær Østergaard Virtanen Korhonen Mäkinen Nieminen Müller Schmidt Schneider Fischer Weber Becker Schäfer "
    "Krüger Jansen Vries Bakker Visser Smit Mulder Smith Taylor Walker Harris Bennett Clarke Dubois Lefèvre Moreau "
    "Girard Rousseau Kowalski Nowak Wiśniewski Zieliński Wójcik".split()
)
"""Companies are also named after people."""
