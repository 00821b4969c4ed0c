/** The first user of the demo data (`common/demo.py`); its password is public. */
export const demoUser = { email: 'alheit@hansa.example', password: 'lubeck-1356-cog' };
