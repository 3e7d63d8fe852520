create table amounts (name text primary key, amount numeric not null);
insert into amounts values ('grüße', 12345678901234567890.12);
