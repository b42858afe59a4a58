-- The schemas, each with an account that may do anything in it and nothing elsewhere; and the
-- account that metrics are read with. MySQL runs this once, on an empty volume.
CREATE DATABASE inventory CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE DATABASE reservation CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE DATABASE `user` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE USER 'tessera_inventory'@'%' IDENTIFIED BY 'tessera-local';
CREATE USER 'tessera_reservation'@'%' IDENTIFIED BY 'tessera-local';
CREATE USER 'tessera_user'@'%' IDENTIFIED BY 'tessera-local';
GRANT ALL PRIVILEGES ON inventory.* TO 'tessera_inventory'@'%';
GRANT ALL PRIVILEGES ON reservation.* TO 'tessera_reservation'@'%';
GRANT ALL PRIVILEGES ON `user`.* TO 'tessera_user'@'%';

CREATE USER 'exporter'@'%' IDENTIFIED BY 'tessera-local' WITH MAX_USER_CONNECTIONS 3;
GRANT PROCESS, REPLICATION CLIENT ON *.* TO 'exporter'@'%';
GRANT SELECT ON performance_schema.* TO 'exporter'@'%';
