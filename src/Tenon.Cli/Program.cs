Console.Error.WriteLine("tenon: no command yet");
return 2;
