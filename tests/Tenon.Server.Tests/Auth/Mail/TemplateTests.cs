using System.Text.Json;
using Tenon.Server.Auth;
using Tenon.Server.Auth.Mail;
using Tenon.Server.Auth.Mail.Templates;

namespace Tenon.Server.Tests.Auth.Mail;

public sealed class TemplateTests
{
    private static readonly Dictionary<string, object?> Variables = new()
    {
        ["Token"] = "123456",
        ["Email"] = "a@b.test",
        ["ConfirmationURL"] = "https://x.test/verify?token=1&type=signup",
        ["Data"] = JsonElement.Parse(
            """{"name":"Ada <b>","lang":"de","n":3,"on":true,"off":false,"tags":["x","<y>"],"map":{"b":2,"a":1},"bad":"javascript:alert(1)","none":null,"q":"\" onload=\"x"}"""
        ),
    };

    [Theory]
    [InlineData("{{ .Token }}", "123456")]
    [InlineData("a {{- .Token -}} b", "a123456b")]
    [InlineData("{{.Data.name}}", "Ada &lt;b&gt;")]
    [InlineData("{{ .Data.missing }}|{{ .Nothing.at.all }}", "|")]
    [InlineData("{{/* a comment */}}x", "x")]
    [InlineData("{{ if .Data.on }}yes{{ else }}no{{ end }}", "yes")]
    [InlineData("{{ if .Data.off }}yes{{ else }}no{{ end }}", "no")]
    [InlineData("{{ if .Data.missing }}yes{{ else if .Data.n }}n{{ else }}no{{ end }}", "n")]
    [InlineData("""{{ if eq .Data.lang "de" }}Hallo{{ else }}Hello{{ end }}""", "Hallo")]
    [InlineData("""{{ if eq .Data.lang "fr" "de" }}x{{ end }}""", "x")]
    [InlineData("""{{ if and .Data.on (ne .Data.lang "en") }}x{{ end }}""", "x")]
    [InlineData("{{ if or .Data.off .Data.missing }}x{{ else }}y{{ end }}", "y")]
    [InlineData("{{ if not .Data.off }}x{{ end }}", "x")]
    [InlineData("{{ if gt .Data.n 2 }}x{{ end }}{{ if lt .Data.n 2 }}y{{ end }}", "x")]
    [InlineData("{{ range .Data.tags }}[{{ . }}]{{ end }}", "[x][&lt;y&gt;]")]
    [InlineData("{{ range $i, $t := .Data.tags }}{{ $i }}{{ $t }} {{ end }}", "0x 1&lt;y&gt; ")]
    [InlineData("{{ range $k, $v := .Data.map }}{{ $k }}={{ $v }};{{ end }}", "a=1;b=2;")]
    [InlineData("{{ range .Data.missing }}x{{ else }}none{{ end }}", "none")]
    [InlineData("{{ with .Data.name }}{{ . }}{{ else }}?{{ end }}", "Ada &lt;b&gt;")]
    [InlineData("{{ range .Data.tags }}{{ $.Token }}{{ end }}", "123456123456")]
    [InlineData("""{{ $x := .Data.lang }}{{ if eq $x "de" }}{{ $x }}{{ end }}""", "de")]
    [InlineData("""{{ index .Data "name" }}{{ index .Data.tags 0 }}""", "Ada &lt;b&gt;x")]
    [InlineData("{{ len .Data.tags }}", "2")]
    [InlineData("""{{ printf "%s-%d" .Token .Data.n }}""", "123456-3")]
    [InlineData("""{{ .Email | printf "<%s>" }}""", "&lt;a@b.test&gt;")]
    [InlineData("""<a href="{{ .ConfirmationURL }}">x</a>""", """<a href="https://x.test/verify?token=1&amp;type=signup">x</a>""")]
    [InlineData("""<a href="{{ .Data.bad }}">x</a>""", """<a href="#">x</a>""")]
    [InlineData("""<a href="https://x.test/?q={{ .Data.bad }}">x</a>""", """<a href="https://x.test/?q=javascript:alert(1)">x</a>""")]
    [InlineData("""<a title="{{ .Data.q }}">x</a>""", """<a title="&quot; onload=&quot;x">x</a>""")]
    public void A_template_says_what_go_would_say(string template, string expected) =>
        Assert.Equal(expected, Template.Html(template).Render(Variables));

    [Theory]
    [InlineData("{{ .Token", "not closed")]
    [InlineData("{{ if .Token }}x", "not closed")]
    [InlineData("{{ end }}", "closes nothing")]
    [InlineData("{{ nonsense .Token }}", "there is no function \"nonsense\"")]
    [InlineData("""{{ template "x" }}""", "is not supported")]
    [InlineData("x\n\n{{ .Token ! }}", "line 3")]
    [InlineData("<script>var x = '{{ .Token }}'</script>", "<script>")]
    [InlineData("<style>{{ .Token }}</style>", "<style>")]
    [InlineData("<a href={{ .Token }}>", "quoted")]
    [InlineData("""<a onclick="{{ .Token }}">""", "onclick")]
    [InlineData("<!-- {{ .Token }} -->", "comment")]
    public void A_template_that_cannot_be_used_says_where_and_why(string template, string reason)
    {
        var e = Assert.Throws<TemplateException>(() => Template.Html(template));
        Assert.StartsWith("line ", e.Message, StringComparison.Ordinal);
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_users_own_data_cannot_make_a_mail_endless()
    {
        var data = new Dictionary<string, object?> { ["Data"] = JsonElement.Parse("[" + string.Join(',', Enumerable.Repeat("1", 100)) + "]") };
        Template squared = Template.Html("{{ range .Data }}{{ range $.Data }}x{{ end }}{{ end }}");
        Assert.Throws<TemplateException>(() => squared.Render(data));
    }

    [Fact]
    public void Own_templates_and_languages_are_found_and_a_mistake_stops_the_start()
    {
        string folder = Directory.CreateTempSubdirectory("tenon-mail-").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(folder, "emails", "de"));
            File.WriteAllText(Path.Combine(folder, "emails", "recovery.html"), "<title>Reset, {{ .Data.name }}</title><p>{{ .Token }}</p>");
            File.WriteAllText(Path.Combine(folder, "emails", "de", "recovery.html"), "<title>Neues Passwort</title><p>Code {{ .Token }}</p>");
            File.WriteAllText(Path.Combine(folder, "own.html"), "<p>{{ .SiteURL }}</p>");
            var options = new AuthOptions { AppFolder = folder };
            options.Email.Templates["invite"] = new AuthTemplateOptions { Subject = "Join {{ .SiteURL }}", ContentPath = "./own.html" };
            var templates = new MailTemplates(options);
            Dictionary<string, object?> With(string data) => new() { ["Token"] = "1", ["SiteURL"] = "https://s.test", ["Data"] = JsonElement.Parse(data) };
            Assert.Equal("Reset, Ada", templates.Render("recovery", With("""{"name":"Ada"}""")).Subject);
            Assert.Equal("Neues Passwort", templates.Render("recovery", With("""{"locale":"de_CH"}""")).Subject);
            Assert.Equal("Reset,", templates.Render("recovery", With("""{"locale":"fr"}""")).Subject);
            Assert.Equal("Reset,", templates.Render("recovery", With("""{"locale":"../de"}""")).Subject);
            Assert.Equal(new RenderedMail("Join https://s.test", "<p>https://s.test</p>"), templates.Render("invite", With("{}")));
            // A line break in a value begins no header.
            Assert.Equal("Reset, x  Bcc: y", templates.Render("recovery", With("""{"name":"x\r\nBcc: y"}""")).Subject);

            File.WriteAllText(Path.Combine(folder, "own.html"), "{{ oops }}");
            Assert.Contains("own.html: line 1", Assert.Throws<InvalidOperationException>(() => new MailTemplates(options)).Message, StringComparison.Ordinal);
            options.Email.Templates["invite"].ContentPath = "./missing.html";
            Assert.Contains("missing.html", Assert.Throws<InvalidOperationException>(() => new MailTemplates(options)).Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_mail_as_text_keeps_its_links()
    {
        string text = MailText.FromHtml("<html><head><title>x</title></head><body><h1>Hi &amp; bye</h1>\n<p>Go <a href=\"https://x.test/?a=1&amp;b=2\">here</a></p></body></html>");
        Assert.Equal("Hi & bye\n\nGo here (https://x.test/?a=1&b=2)\n", text);
    }
}
