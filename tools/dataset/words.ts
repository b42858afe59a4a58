/*
 * Names are put together of these. They hold no quotes, tabs or backslashes, so that no writer
 * has to escape them.
 */

export const ARTISTS = [
  ...["Amber", "Anders", "Aurora", "Baltic", "Bernadette", "Blue", "Brass", "Cádiz", "Camille"],
  ...["Carmen", "Cedar", "Celeste", "Copper", "Crimson", "Delphine", "Dublin", "Ebony", "Electric"],
  ...["Élodie", "Falcon", "Fiona", "Glasgow", "Golden", "Granite", "Hazel", "Helsinki", "Ines"],
  ...["Iron", "Ivory", "Jasper", "Juniper", "Kasper", "Lagos", "Lena", "Lisbon", "Lunar", "Marble"],
  ...["Midnight", "Milano", "Nadia", "Nordic", "Ömer", "Opal", "Orchid", "Oslo", "Paper", "Petra"],
  ...["Quiet", "Raven", "Rosa", "Saffron", "Scarlet", "Seville", "Silver", "Sofia", "Tallinn"],
  ...["Thunder", "Ulla", "Velvet", "Vienna", "Violet", "Warsaw", "Wild", "Winter", "Yara", "Zadie"],
] as const;

export const ACTS = [
  ...["Ballet", "Band", "Big Band", "Brothers", "Chamber Players", "Choir", "Circus", "Collective"],
  ...["Comedians", "Company", "Consort", "Cowboys", "Drifters", "Echoes", "Ensemble", "Experience"],
  ...[
    "Foxes",
    "Gospel Choir",
    "Harmonics",
    "Horns",
    "Jazz Trio",
    "Lanterns",
    "Machine",
    "Marching",
  ],
  ...["Mimes", "Orchestra", "Parade", "Philharmonic", "Pilots", "Players", "Poets", "Quartet"],
  ...[
    "Quintet",
    "Rebels",
    "Revue",
    "Riders",
    "Sisters",
    "Soul Club",
    "Strings",
    "Swing",
    "Theatre",
  ],
  ...["Tigers", "Travellers", "Trio", "Underground", "Voices", "Wanderers", "Wolves"],
] as const;

export const OCCASIONS = [
  ...["", " live", " on tour", " unplugged", ": the farewell", ": the reunion", " and friends"],
  ...[": first night", ": last night", " at Christmas", " in the park", ": summer festival"],
  ...[": matinée", ": late show", ": gala", ": open rehearsal", " plays Bach", " plays Ellington"],
  ...[" plays the classics", ": the new album", ": anniversary concert", ": charity evening"],
] as const;

export const PLACES = [
  ...["Arena", "Assembly Rooms", "Auditorium", "Ballroom", "Barn", "Boathouse", "Concert Hall"],
  ...["Corn Exchange", "Dome", "Forum", "Gardens", "Grand Theatre", "Guildhall", "Lyceum"],
  ...["Music Hall", "Old Brewery", "Opera House", "Palace", "Pavilion", "Playhouse", "Stadium"],
  ...["Tramshed", "Velodrome", "Winter Gardens"],
] as const;

export const CITIES = [
  ...["Amsterdam", "Antwerp", "Athens", "Barcelona", "Bergen", "Berlin", "Bologna", "Bordeaux"],
  ...[
    "Bristol",
    "Brno",
    "Bruges",
    "Budapest",
    "Cardiff",
    "Cologne",
    "Copenhagen",
    "Cork",
    "Dresden",
  ],
  ...["Edinburgh", "Florence", "Gdańsk", "Geneva", "Ghent", "Gothenburg", "Graz", "Hamburg"],
  ...[
    "Kraków",
    "Leeds",
    "Leipzig",
    "Linz",
    "Ljubljana",
    "Lyon",
    "Málaga",
    "Manchester",
    "Marseille",
  ],
  ...[
    "Munich",
    "Nantes",
    "Naples",
    "Porto",
    "Prague",
    "Riga",
    "Rotterdam",
    "Salzburg",
    "Stockholm",
  ],
  ...["Toulouse", "Trieste", "Turin", "Utrecht", "Valencia", "Vilnius", "Zagreb", "Zürich"],
] as const;

export const FIRST_NAMES = [
  ...["Ada", "Alan", "Alma", "Anna", "Ben", "Bruno", "Clara", "Dora", "Edgar", "Elif", "Emma"],
  ...["Erik", "Eva", "Felix", "Grace", "Hana", "Hugo", "Ida", "Ivan", "Jan", "Jonas", "Julia"],
  ...["Karin", "Leo", "Lina", "Lucas", "Maja", "Marco", "Maria", "Mia", "Nils", "Nina", "Noah"],
  ...["Olga", "Oscar", "Paula", "Pedro", "Rita", "Rosa", "Samir", "Sara", "Simon", "Tomas", "Vera"],
] as const;

export const LAST_NAMES = [
  ...["Adler", "Andersen", "Bakker", "Becker", "Bianchi", "Carter", "Costa", "Demir", "Dubois"],
  ...["Ferrari", "Fischer", "García", "Hansen", "Horvat", "Jansen", "Jensen", "Kaya", "Keller"],
  ...["Kovács", "Larsen", "Lehmann", "Lopes", "Martin", "Meyer", "Moreau", "Novak", "Olsen"],
  ...["Peeters", "Petrov", "Ricci", "Romano", "Rossi", "Santos", "Schmidt", "Silva", "Smith"],
  ...["Svensson", "Taylor", "Virtanen", "Walker", "Weber", "Wood", "Yılmaz", "Zimmermann"],
] as const;

export const CURRENCIES = ["EUR", "EUR", "EUR", "GBP", "CHF", "SEK", "PLN", "DKK"] as const;

/** Names of an event's ticket types, cheapest first; one row is taken for an event. */
export const TICKET_TYPES = [
  ["Standing", "Seated", "Balcony"],
  ["Floor", "Circle", "Royal box"],
  ["Day", "Weekend", "Weekend and camping"],
  ["Rear stalls", "Front stalls", "Dress circle"],
] as const;
