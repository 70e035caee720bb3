// Made-up companies and phrases. All domains end in .example, which nobody can own.

export const companyNames = [
  'Acme Robotics', 'Brightfold', 'Cinder & Pine', 'Dovetail Health', 'Eastlight Energy', 'Fernhill Analytics',
  'Glasswing', 'Harrow Logistics', 'Inkwell Press', 'Juniper Works', 'Kestrel Mobility', 'Lantern Finance',
  'Meadowlark', 'Northgate Systems', 'Oakline', 'Pebble Learning', 'Quillon', 'Riverstone Data', 'Saltmarsh Games',
  'Tidewater Marine', 'Umberfield', 'Verity Labs', 'Willowbank', 'Xylem Sensors', 'Yarrow Foods', 'Zephyr Air',
  'Amberline', 'Birch & Byte', 'Copperleaf Insurance', 'Driftwood Travel', 'Elderflower Care', 'Foxglove Security',
  'Granite Cloud', 'Hollow Oak Studio', 'Ironbridge Tools', 'Jasper Retail', 'Kingfisher Water', 'Larkspur Media',
  'Mossy Stone Bank', 'Nightjar Audio',
];

export const industries = [
  { name: 'Robotics', about: 'builds small robots for workshops that could never afford a big one.' },
  { name: 'Software', about: 'makes planning software for teams that dislike meetings.' },
  { name: 'Retail', about: 'runs an online shop for repaired and rebuilt things.' },
  { name: 'Health', about: 'helps surgeries and patients to find an appointment without a phone queue.' },
  { name: 'Energy', about: 'balances small solar roofs across whole streets.' },
  { name: 'Analytics', about: 'measures what cities are like to walk through.' },
  { name: 'Education', about: 'teaches trades by short films and long practice.' },
  { name: 'Logistics', about: 'moves parcels the last mile by cargo bike.' },
  { name: 'Media', about: 'publishes local news that readers pay for.' },
  { name: 'Finance', about: 'keeps the books of very small firms.' },
];

/** Where companies sit and most people live: country/city. */
export const hubs = [
  'DE/Berlin', 'NL/Amsterdam', 'ES/Madrid', 'GB/London', 'PT/Lisbon', 'IE/Dublin', 'SE/Stockholm', 'AT/Vienna',
  'PL/Warsaw', 'DK/Copenhagen', 'FR/Paris', 'IT/Milan', 'DE/Hamburg', 'ES/Barcelona', 'CH/Zürich', 'CA/Toronto',
];

export const notes = {
  team: [
    'The team is six people who review each other in writing.',
    'You join a team of four that ships twice a week.',
    'You work with two designers and an engineer who has been here from the start.',
    'The team is spread over three countries and meets twice a year.',
    'You report to the head of the group and have a say in what comes next.',
  ],
  offer: [
    'Four-day weeks are normal here.', 'We pay for learning and give the time for it.',
    'Interviews: one talk, one paid working day, an answer within a week.',
    'No on-call at night.', 'Bring your own way of working; we bring the coffee.',
  ],
  headline: [
    'likes hard problems and plain answers', 'looking for a small team', 'happiest close to users', 'open to remote work',
    'coming from a start-up', 'coming from a large company', 'back from a year off', 'interested in public-interest work',
    'fond of well-kept code', 'learning every week',
  ],
  application: [
    'I have followed your work for a while and would like to help.',
    'Your role reads as if written for what I have done the last years.',
    'I am free from the first of next month.',
    'I would like to hear more about the team before an interview.',
    'Two of the asked skills are new to me; I learn quickly.',
  ],
};
