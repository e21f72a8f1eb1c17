-- The tables of the yardstick: seats and holds as a hand-written program would store them.
CREATE TABLE seats (
  event_id integer NOT NULL,
  seat_id integer NOT NULL,
  state smallint NOT NULL DEFAULT 0,
  version integer NOT NULL DEFAULT 1,
  fence bigint NOT NULL DEFAULT 0,
  owner uuid,
  expires_at bigint,
  PRIMARY KEY (event_id, seat_id)
) WITH (fillfactor = 70);
CREATE TABLE holds (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  event_id integer NOT NULL,
  seat_id integer NOT NULL,
  expires_at bigint NOT NULL
);
INSERT INTO seats (event_id, seat_id) SELECT 1, generate_series(0, :seats - 1);
