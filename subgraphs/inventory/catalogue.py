"""The goods of the demo shop: a chandler's and grocer's at an old Baltic harbour."""

from subgraphs.inventory.domain.catalogue import Article, Money
from subgraphs.inventory.domain.reservations import Demand
from subgraphs.inventory.domain.warehousing import Warehouse

_COFFEE_AND_TEA = "Coffee and tea"
_PANTRY = "Pantry"
_SWEETS = "Sweets"
_TABLE = "Table and kitchen"
_CLOTHES = "Clothes"
_ON_BOARD = "On board"
_PAPER = "Paper and ink"

CATALOGUE = (
    Article("COF-HAFEN-500", "Hafen Blend, whole beans", "Dark roast of Brazil and Java, with cocoa and toasted hazelnut. 500 g bag.", _COFFEE_AND_TEA, Money(1390, "EUR"), 240),
    Article("COF-SIDAMO-250", "Ethiopia Sidamo, whole beans", "Washed single-origin coffee, light roast, with bergamot and apricot. 250 g bag.", _COFFEE_AND_TEA, Money(1150, "EUR"), 96),
    Article("COF-DECAF-250", "Slow Tide Decaf, ground", "Colombian beans decaffeinated with spring water and ground for filters. 250 g bag.", _COFFEE_AND_TEA, Money(980, "EUR"), 64),
    Article("TEA-OST-100", "East Frisian Breakfast Tea", "Malty second-flush Assam for rock sugar and cream. 100 g tin.", _COFFEE_AND_TEA, Money(790, "EUR"), 180),
    Article("TEA-SMOKE-100", "Tarred Rope Lapsang", "Black tea smoked over pine, for people who like campfires. 100 g tin.", _COFFEE_AND_TEA, Money(890, "EUR"), 42),
    Article("TEA-BUCKTHORN-80", "Sea Buckthorn Herbal Tea", "Berries and leaves from the coast of Rügen, dried slowly. No caffeine. 80 g bag.", _COFFEE_AND_TEA, Money(650, "EUR"), 110),
    Article("PAN-SALT-250", "Lüneburg Salt, coarse", "Open-pan salt in flakes, from the spring that paid for half the old town. 250 g jar.", _PANTRY, Money(590, "EUR"), 320),
    Article("PAN-PEPPER-60", "Kampot Pepper, black", "Sun-dried peppercorns with a floral nose and a slow heat. 60 g jar.", _PANTRY, Money(840, "EUR"), 75),
    Article("PAN-CINNAMON-40", "Ceylon Cinnamon Sticks", "Eight soft quills, cut by hand. 40 g.", _PANTRY, Money(470, "EUR"), 130),
    Article("PAN-HERRING-190", "Matjes Fillets in Rapeseed Oil", "Young herring cured in oak barrels. Best within a week of opening. 190 g jar.", _PANTRY, Money(620, "EUR"), 84),
    Article("PAN-SPRATS-120", "Smoked Riga Sprats", "Small fish, alder smoke, good oil. 120 g tin.", _PANTRY, Money(430, "EUR"), 200),
    Article("PAN-HONEY-500", "Linden Blossom Honey", "From hives in the city parks, spun cold and stirred creamy. 500 g jar.", _PANTRY, Money(1090, "EUR"), 58),
    Article("PAN-RYE-750", "Four-Day Rye Bread", "Dense sourdough in slices, which keeps for weeks at sea. 750 g.", _PANTRY, Money(520, "EUR"), 36),
    Article("PAN-MUSTARD-200", "Stone-Milled Mustard", "Brown seeds, malt vinegar, a little horseradish. 200 ml crock.", _PANTRY, Money(560, "EUR"), 90),
    Article("SWE-MARZ-200", "Lübeck Marzipan Loaf", "Two thirds almonds under dark chocolate. 200 g.", _SWEETS, Money(1190, "EUR"), 150),
    Article("SWE-POTATO-100", "Marzipan Potatoes", "A dozen small ones, rolled in cocoa. 100 g bag.", _SWEETS, Money(490, "EUR"), 210),
    Article("SWE-GINGER-250", "Thorn Gingerbread", "Honey gingerbread in heart shapes, ripened for three weeks. 250 g box.", _SWEETS, Money(870, "EUR"), 66),
    Article("SWE-LIQUORICE-150", "Salty Liquorice Fish", "Strong, soft and not for beginners. 150 g bag.", _SWEETS, Money(390, "EUR"), 260),
    Article("SWE-FUDGE-180", "Sea Salt Fudge", "Butter fudge with flakes of Lüneburg salt. 180 g box.", _SWEETS, Money(690, "EUR"), 72),
    Article("TAB-MUG-350", "Enamel Mug, navy", "Holds 350 ml, survives the galley floor, dishwasher safe.", _TABLE, Money(1450, "EUR"), 140),
    Article("TAB-PITCHER-1200", "Salt-Glazed Pitcher", "Grey and blue stoneware from the Westerwald. 1.2 litres.", _TABLE, Money(4900, "EUR"), 18),
    Article("TAB-BOARD-40", "Oak Bread Board", "Cut from a single plank of old ship's oak and oiled. 40 by 22 cm.", _TABLE, Money(3900, "EUR"), 27),
    Article("TAB-KNIFE-12", "Bread and Rope Knife", "Serrated carbon steel, 12 cm, with a beech handle.", _TABLE, Money(5400, "EUR"), 22),
    Article("TAB-PAN-24", "Forged Iron Pan, 24 cm", "Heavy, plain, and better every year.", _TABLE, Money(7900, "EUR"), 15),
    Article("TAB-TOWEL-2", "Linen Tea Towels, pair", "Half-linen with a woven stripe, 50 by 70 cm.", _TABLE, Money(2200, "EUR"), 88),
    Article("TAB-CANDLE-6", "Beeswax Candles, six", "Hand-dipped, with eight hours of quiet light each.", _TABLE, Money(2800, "EUR"), 45),
    Article("CLO-JUMPER-M", "Troyer Fisherman's Jumper", "Dense wool, high zip collar, made for wind from all sides.", _CLOTHES, Money(12900, "EUR"), 24, title="M"),
    Article("CLO-JUMPER-L", "Troyer Fisherman's Jumper", "", _CLOTHES, Money(12900, "EUR"), 20, title="L", beside="CLO-JUMPER-M"),
    Article("CLO-CAP-58", "Elbe Pilot Cap", "Dark blue wool cap with a cord band. Size 58.", _CLOTHES, Money(4600, "EUR"), 33),
    Article("CLO-SHIRT-M", "Striped Harbour Shirt", "Long-sleeved cotton shirt with twenty-one white stripes.", _CLOTHES, Money(3900, "EUR"), 60, title="M"),
    Article("CLO-SHIRT-XL", "Striped Harbour Shirt", "", _CLOTHES, Money(4200, "EUR"), 12, title="XL", beside="CLO-SHIRT-M"),
    Article("CLO-SOCKS-43", "Sea Boot Socks, 41 to 43", "Thick ribbed wool that stays up inside boots.", _CLOTHES, Money(1900, "EUR"), 120),
    Article("CLO-OILSKIN-L", "Yellow Oilskin Coat, L", "Waxed cotton with a corduroy collar and storm flap.", _CLOTHES, Money(18900, "EUR"), 9),
    Article("BRD-LAMP-1", "Brass Ship's Lantern", "Paraffin lantern with a Fresnel lens, 27 cm high.", _ON_BOARD, Money(11900, "EUR"), 12),
    Article("BRD-ROPE-30", "Tarred Hemp Rope, 30 m", "Three strands, 12 mm, smells of harbours.", _ON_BOARD, Money(5900, "EUR"), 40),
    Article("BRD-COMPASS-1", "Hand Bearing Compass", "Dry card compass with a lanyard, readable by night.", _ON_BOARD, Money(8900, "EUR"), 16),
    Article("BRD-BELL-1", "Cast Bell, 15 cm", "Cast in bronze with a plaited rope pull. Loud.", _ON_BOARD, Money(14900, "EUR"), 5),
    Article("BRD-BLOCK-1", "Ash Pulley Block", "A working single-sheave block of oiled ash wood.", _ON_BOARD, Money(3400, "EUR"), 30),
    Article("PAP-LEDGER-A5", "Merchant's Ledger, A5", "192 ruled pages, thread-sewn, with a ribbon: debit left, credit right.", _PAPER, Money(2400, "EUR"), 77),
    Article("PAP-CHART-1", "Baltic Sea Chart, 1572", "Fine art print after the Carta Marina, 60 by 45 cm.", _PAPER, Money(3200, "EUR"), 50),
    Article("PAP-INK-30", "Iron Gall Ink, 30 ml", "Writes pale and turns black within the hour.", _PAPER, Money(1250, "EUR"), 100),
    Article("PAP-SEAL-1", "Sealing Wax and Cog Seal", "Two red sticks and a brass stamp with a cog under sail.", _PAPER, Money(2900, "EUR"), 3),
    Article("BOX-WATCH", "Dog Watch Box", "A mug, a bag of Hafen Blend and two marzipan loaves, for four hours before dawn.", _ON_BOARD, Money(4900, "EUR"), 0),
)  # fmt: skip

WAREHOUSES = (
    Warehouse("MAIN", "Salzspeicher, Lübeck", "EU", 1),
    Warehouse("VISBY", "Packhouse at the wall, Visby", "NORTH", 2),
)

BUNDLES = {"BOX-WATCH": (Demand("TAB-MUG-350", 1), Demand("COF-HAFEN-500", 1), Demand("SWE-MARZ-200", 2))}

IN_VISBY = (
    Demand("BRD-ROPE-30", 25),
    Demand("CLO-JUMPER-M", 10),
    Demand("PAN-SPRATS-120", 80),
    Demand("TAB-MUG-350", 30),
)
"""What is delivered to the second warehouse."""
