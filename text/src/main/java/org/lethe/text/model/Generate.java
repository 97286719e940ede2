package org.lethe.text.model;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Tool;
import org.lethe.text.PromptFormat;
import org.lethe.text.Sample;
import org.lethe.text.data.SampleFile;

/**
 * Lets language models answer prompts, side by side: a model before and after it was changed, say.
 *
 * @param models folders with config.json, model.safetensors and tokenizer.json
 * @param prompt what they are to answer
 * @param samples file of samples whose prompts they are to answer, .jsonl or .json
 * @param most most samples of the file
 * @param format how a prompt is written: question, plain, llama2, llama3, chatml, zephyr, human-assistant, or auto for the model's own chat
 *     template
 * @param newTokens most tokens of an answer
 * @param temperature 0 always takes the best token; above it, tokens are drawn
 * @param topP draws among the fewest best tokens whose probability reaches this
 */
@Named("text generate")
public record Generate(
        @Argument List<Path> models,
        String prompt,
        Optional<Path> samples,
        int most,
        String format,
        int newTokens,
        double temperature,
        double topP)
        implements Tool<Generate.Result> {
    public Generate {
        models = List.copyOf(models);
        Check.require(most >= 1, "most", most, "at least 1");
        generation(newTokens, temperature, topP);
    }

    /** Questions, the best tokens, at most 64; models and prompts are still to be named. */
    public Generate() {
        this(List.of(), "", Optional.empty(), 10, "question", 64, 0, 1);
    }

    private static Generation generation(int newTokens, double temperature, double topP) {
        return new Generation(newTokens, temperature, topP, 0, 1);
    }

    /**
     * The answers.
     *
     * @param answers by prompt, the answer of each model
     */
    public record Result(Map<String, Map<String, String>> answers) implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            answers.forEach((prompt, byModel) -> {
                out.println(prompt);
                byModel.forEach((model, answer) -> out.println("  " + model + ": " + answer.strip()));
                out.println();
            });
        }
    }

    private List<String> prompts() throws IOException {
        if (samples.isPresent() == !prompt.isEmpty()) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "either --prompt and a text, or --samples and a file, is expected"
                            + (samples.isPresent() ? "; both are given" : "; none is given"));
        }
        return samples.isEmpty()
                ? List.of(prompt)
                : new SampleFile()
                        .read(samples.get()).stream()
                                .map(Sample::prompt)
                                .distinct()
                                .limit(most)
                                .toList();
    }

    @Override
    public Set<Need> needs() {
        return Set.of(Need.SEED, Need.DEVICE);
    }

    @Override
    public Result run(Env env) throws IOException {
        List<String> prompts = prompts();
        Map<String, Map<String, String>> answers = new LinkedHashMap<>();
        prompts.forEach(prompt -> answers.put(prompt, new LinkedHashMap<>()));
        for (Path path : models) {
            CheckpointFolder folder = CheckpointFolder.open(path);
            List<String> own;
            try (var _ = new PointerScope()) {
                own = generation(newTokens, temperature, topP)
                        .answers(
                                folder.transformer(env.device()),
                                folder.tokenizer(),
                                PromptFormat.named(format, path),
                                prompts,
                                env.random("generate"),
                                env.progress());
            }
            List<String> left = new ArrayList<>(own);
            answers.forEach((_, byModel) -> byModel.put(path.toString(), left.removeFirst()));
        }
        return new Result(answers);
    }
}
