-- A small firm's ERP as tables; Datasette puts its own API in front of them.
CREATE TABLE customers (
    customer_no INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    vat_no TEXT,
    mail TEXT,
    tel TEXT,
    homepage TEXT,
    street TEXT,
    zip TEXT,
    town TEXT,
    country TEXT,
    foreign_key TEXT,
    changed TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
CREATE TABLE people (
    person_no INTEGER PRIMARY KEY,
    given TEXT,
    family TEXT NOT NULL,
    position TEXT,
    mail TEXT,
    tel TEXT,
    cell TEXT,
    customer_no INTEGER REFERENCES customers,
    foreign_key TEXT,
    changed TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
CREATE TABLE items (
    item_no INTEGER PRIMARY KEY,
    code TEXT UNIQUE,
    label TEXT NOT NULL,
    remarks TEXT,
    price REAL,
    foreign_key TEXT,
    changed TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
CREATE TRIGGER customers_changed AFTER UPDATE ON customers WHEN NEW.changed IS OLD.changed BEGIN
    UPDATE customers SET changed = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE customer_no = NEW.customer_no;
END;
CREATE TRIGGER people_changed AFTER UPDATE ON people WHEN NEW.changed IS OLD.changed BEGIN
    UPDATE people SET changed = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE person_no = NEW.person_no;
END;
CREATE TRIGGER items_changed AFTER UPDATE ON items WHEN NEW.changed IS OLD.changed BEGIN
    UPDATE items SET changed = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE item_no = NEW.item_no;
END;
