#:project ../../src/ClipFunctions.ModelCache/ClipFunctions.ModelCache.csproj
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;
using ClipFunctions.ModelCaching;

await using ModelCache models = ModelCache.Open();
Console.WriteLine($"Models: {string.Join(", ", await models.AvailableModelsAsync())}");
using ModelLease lease = await models.LeaseAsync(args.ElementAtOrDefault(1) ?? "ViT-B/32");
ClipModel model = lease.Model;

byte[] image = model.Preprocessor.Preprocess(await File.ReadAllBytesAsync(args[0]));
TokenBatch text = model.Tokenizer.Tokenize(["a diagram", "a dog", "a cat"], model.ContextLength);

EmbeddingMatrix imageFeatures = model.EncodeImage(image, 1);
EmbeddingMatrix textFeatures = model.EncodeText(text);
Console.WriteLine($"Features: {imageFeatures.Count} and {textFeatures.Count} of {imageFeatures.Dimension} numbers");

ClipOutput output = model.Forward(image, 1, text);
Console.WriteLine($"Label probs: {string.Join(", ", output.LogitsPerImage.Softmax()[0].ToArray())}");
