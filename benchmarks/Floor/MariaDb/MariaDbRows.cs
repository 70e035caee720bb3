using System.Globalization;
using System.Text;
using MySqlConnector;

namespace Tenon.Benchmarks.Floor.MariaDb;

/// <summary>Makes the tables in MariaDB and fills them.</summary>
internal static class MariaDbRows
{
    private const int Batch = 2_000;

    private const string Tables = """
        create table categories (id bigint primary key, name varchar(200) not null);
        create table customers (id bigint primary key, name varchar(200) not null, city varchar(200) not null);
        create table items (id bigint auto_increment primary key, name varchar(200) not null, category_id bigint not null,
          owner uuid not null, price decimal(12,2) not null, stock int not null, active boolean not null,
          created_at timestamp(6) not null default current_timestamp(6), note text,
          foreign key (category_id) references categories (id));
        create table orders (id bigint primary key, customer_id bigint not null, placed_at timestamp(6) not null,
          total decimal(12,2) not null, foreign key (customer_id) references customers (id));
        create table order_lines (id bigint primary key, order_id bigint not null, item_id bigint not null, quantity int not null,
          price decimal(12,2) not null, foreign key (order_id) references orders (id));
        """;

    private const string Indexes = """
        create index items_category_price on items (category_id, price desc, id);
        create index items_owner on items (owner);
        alter table items auto_increment = 1000000000;
        analyze table categories, customers, items, orders, order_lines;
        """;

    public static async Task LoadAsync(MySqlDataSource database, int rows)
    {
        var data = new Dataset(rows);
        await using var connection = await database.OpenConnectionAsync();
        await RunAsync(connection, "set sql_mode = 'NO_AUTO_VALUE_ON_ZERO'; set foreign_key_checks = 0; " + Tables);
        await FillAsync(connection, "categories", 0, Dataset.Categories, (sql, id) => sql.Append(id).Append(',').Append(Quoted(Dataset.Category(id))));
        await FillAsync(connection, "customers", 1, Dataset.Customers, (sql, id) =>
            sql.Append(id).Append(',').Append(Quoted(Dataset.CustomerName(id))).Append(',').Append(Quoted(Dataset.CustomerCity(id))));
        await FillAsync(connection, "items", 1, rows, (sql, id) =>
        {
            var r = Dataset.Item(id);
            sql.Append(CultureInfo.InvariantCulture, $"{r.Id},{Quoted(r.Name)},{r.CategoryId},'{r.Owner}',{Stored.Money(r.PriceCents)},");
            sql.Append(CultureInfo.InvariantCulture, $"{r.Stock},{r.Active},{Instant(r.CreatedMicros)},{(r.Note is null ? "null" : Quoted(r.Note))}");
        });
        await FillAsync(connection, "orders", 1, Dataset.Orders, (sql, id) =>
        {
            var r = Dataset.Order(id);
            sql.Append(CultureInfo.InvariantCulture, $"{r.Id},{r.CustomerId},{Instant(r.PlacedMicros)},{Stored.Money(r.TotalCents)}");
        });
        await FillAsync(connection, "order_lines", 1, Dataset.Orders * Dataset.LinesPerOrder, (sql, id) =>
        {
            var r = data.OrderLine(id);
            sql.Append(CultureInfo.InvariantCulture, $"{r.Id},{r.OrderId},{r.ItemId},{r.Quantity},{Stored.Money(r.PriceCents)}");
        });
        await RunAsync(connection, Indexes);
    }

    private static async Task FillAsync(MySqlConnection connection, string table, long first, long last, Action<StringBuilder, long> append)
    {
        for (var from = first; from <= last; from += Batch)
        {
            var sql = new StringBuilder("insert into ").Append(table).Append(" values ");
            for (var id = from; id <= Math.Min(last, from + Batch - 1); id++)
            {
                sql.Append(id == from ? "(" : ",(");
                append(sql, id);
                sql.Append(')');
            }

            await RunAsync(connection, sql.ToString());
        }
    }

    private static string Quoted(string text) =>
        '\'' + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal) + '\'';

    private static string Instant(long micros) =>
        Stored.Instant(micros).ToString("\\'yyyy-MM-dd HH:mm:ss.ffffff\\'", CultureInfo.InvariantCulture);

    private static async Task RunAsync(MySqlConnection connection, string sql)
    {
        await using var command = new MySqlCommand(sql, connection) { CommandTimeout = 600 };
        await command.ExecuteNonQueryAsync();
    }
}
