using Tenon.Cli.Commands;

return await Root.RunAsync(args);
