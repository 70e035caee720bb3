namespace Tenon.Benchmarks;

/// <summary>The requests of the benchmark, from the table's name on.</summary>
internal static class Queries
{
    public const string Prefix = "/rest/v1/";

    public const string Get = "items?id=eq.{0}";

    public const string List = "items?select=id,name,price,active,created_at&category_id=eq.{0}&price=gte.{1}" +
        "&order=price.desc,id.asc&limit=20";

    public const string Embed = "orders?select=id,placed_at,total,customer:customers(id,name,city)," +
        "lines:order_lines(id,item_id,quantity,price)&id=gte.{0}&order=id.asc&lines.order=id.asc&limit=10";

    /// <summary>Every customer with its ten orders.</summary>
    public const string EmbedMany = "customers?select=id,name,orders(id,placed_at,total)&order=id.asc&orders.order=id.asc&limit=1000";

    /// <summary>Rows in the order of their key, as many as asked: the same but for their number.</summary>
    public const string Rows = "items?select=id,name,price,active,created_at&id=gte.{0}&order=id.asc&limit={1}";
}
