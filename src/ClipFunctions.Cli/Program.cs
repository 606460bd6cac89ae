using ClipFunctions.Cli;

using CancellationTokenSource stop = new();
System.Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};
return await ClipCommandLine.RunAsync(args, System.Console.Out, System.Console.Error, stop.Token);
