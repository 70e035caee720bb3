using Npgsql;
using Tenon.Sources.Postgres;
using Xunit;

namespace Tenon.Sources.Tests.Postgres;

public sealed class PostgresUrlTests
{
    [Fact]
    public void A_url_is_read_as_libpq_reads_it()
    {
        NpgsqlConnectionStringBuilder address = PostgresUrl.Read("postgresql://ann%40x:s%3Acret@db.example:6543/shop?sslmode=verify-full&connect_timeout=3");
        Assert.Equal(("ann@x", "s:cret"), (address.Username, address.Password));
        Assert.Equal(("db.example", 6543, "shop"), (address.Host, address.Port, address.Database));
        Assert.Equal((SslMode.VerifyFull, 3), (address.SslMode, address.Timeout));
    }

    [Theory]
    [InlineData("postgres://u:hidden@h:notaport/x")]
    [InlineData("postgres://u:hidden@h/x?nonsense=1")]
    public void A_url_that_cannot_be_read_is_refused_without_being_shown(string url)
    {
        FormatException refused = Assert.Throws<FormatException>(() => PostgresUrl.Read(url));
        Assert.DoesNotContain("hidden", refused.Message, StringComparison.Ordinal);
    }
}
