using System.Collections.Immutable;
using Tenon.Sources.Postgres.Moving;
using Xunit;

namespace Tenon.Sources.Tests.Postgres;

/// <summary>Migrations as they run in one transaction.</summary>
public sealed class ReplayTextTests
{
    private static readonly HashSet<string> NoRoles = [];

    [Fact]
    public void An_enum_is_made_with_the_labels_it_ends_up_with()
    {
        ImmutableArray<string> texts = ReplayText.Of(
            [
                "create type mood as enum ('calm', 'it''s');create table t (m mood);",
                "alter type mood add value 'wild'; alter type public.mood add value if not exists 'odd' before 'it''s'; alter type mood add value if not exists 'calm'",
                "alter type mood add value 'last' after 'odd'; select 1",
            ],
            NoRoles
        );
        Assert.Equal("create type mood as enum ('calm', 'odd', 'last', 'it''s', 'wild');create table t (m mood);", texts[0]);
        Assert.Equal("; ;", texts[1].Trim());
        Assert.Equal("; select 1", texts[2]);
    }

    [Fact]
    public void A_type_that_was_dropped_and_made_anew_has_the_labels_of_its_own_time()
    {
        ImmutableArray<string> texts = ReplayText.Of(
            ["create type mood as enum ('a')", "alter type mood add value 'b'; drop type mood", "create type mood as enum ('c')", "alter type mood add value 'd'"],
            NoRoles
        );
        Assert.Equal("create type mood as enum ('a', 'b')", texts[0]);
        Assert.Equal("create type mood as enum ('c', 'd')", texts[2]);
    }

    [Fact]
    public void A_role_of_the_server_is_not_made_again()
    {
        ImmutableArray<string> texts = ReplayText.Of(["create role reader; create role writer;"], new HashSet<string> { "reader" });
        Assert.Equal("; create role writer;", texts[0]);
    }

    [Fact]
    public void What_Tenon_does_not_read_and_what_needs_no_change_stays()
    {
        string[] texts = ["create domain d as int; alter type mood add value 'x'", "create table t (id int)"];
        Assert.Equal(texts, ReplayText.Of(texts, NoRoles));
    }
}
