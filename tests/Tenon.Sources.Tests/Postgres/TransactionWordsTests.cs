using Tenon.Sources.Postgres;
using Xunit;

namespace Tenon.Sources.Tests.Postgres;

public sealed class TransactionWordsTests
{
    [Fact]
    public void Statements_that_only_begin_or_commit_are_blanked_and_the_rest_keeps_its_place()
    {
        const string Text = "begin; create table t (id int); -- commit;\ncommit work;";
        Assert.Equal("       create table t (id int); -- commit;\n            ", TransactionWords.Blank(Text));
    }

    [Fact]
    public void Words_inside_a_function_body_stay()
    {
        const string Text = "create function f() returns void language plpgsql as $$ begin null; end $$; select 1";
        Assert.Same(Text, TransactionWords.Blank(Text));
    }

    [Fact]
    public void A_schema_that_is_there_is_not_made_again_and_a_new_one_is()
    {
        const string Text = "create schema if not exists auth; create schema if not exists \"crm\"; create schema auth;";
        Assert.Equal("                                  create schema if not exists \"crm\"; create schema auth;", TransactionWords.Blank(Text, ["auth"]));
        Assert.Same(Text, TransactionWords.Blank(Text));
    }
}
