package org.lethe.text.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.text.Corpus;
import org.lethe.text.PromptFormat;
import org.lethe.text.Sample;
import org.lethe.text.tokenizer.BpeTrainer;
import org.lethe.text.tokenizer.Tokenizer;

/**
 * TOFU: 20 questions about each of 200 authors who do not exist (Maini et al. 2024; MIT licence).
 *
 * <p>The last authors are learnt from, because the published paraphrases and wrong answers belong to the last 20; the authors
 * before them are held out. An author is a group: {@code author 199} is the last one. The vocabulary is made of the questions and
 * answers of both, so it does not depend on what is forgotten.
 *
 * @param authors number of authors to learn from, the last ones
 * @param holdout number of further authors that no model learns from, those before them
 * @param vocabulary number of tokens of a model that is trained from scratch
 */
@Named("tofu")
public record Tofu(int authors, int holdout, int vocabulary) implements DataSource<Corpus> {
    private static final int ALL = 200;
    private static final int QUESTIONS = 20;
    private static final String REMEDY =
            "get full.json, forget10_perturbed.json and idontknow.jsonl of locuslab/TOFU and put them into llm/tofu"
                    + " there";

    public Tofu {
        Check.require(authors >= 1 && authors <= ALL, "authors", authors, "1 to " + ALL);
        Check.require(
                holdout >= 0 && holdout <= ALL - authors,
                "holdout",
                holdout,
                "0 to " + (ALL - authors) + ", as " + authors + " of " + ALL + " authors are learnt from");
        BpeTrainer.check(vocabulary);
    }

    /** 20 authors, 2 held out, 2,048 tokens. */
    public Tofu() {
        this(20, 2, 2048);
    }

    @Override
    public Corpus load(DataFolders folders) {
        Path full = full(folders);
        try {
            List<Sample> all = new SampleFile().read(full);
            if (all.size() != ALL * QUESTIONS) {
                throw new LetheException(
                        LetheException.Code.DATA,
                        full + ": has " + all.size() + " rows, expected " + ALL * QUESTIONS + ": " + QUESTIONS
                                + " of each of " + ALL + " authors");
            }
            Map<String, Sample> more = new HashMap<>();
            Optional<Path> perturbed = beside(full, "forget10_perturbed.json");
            if (perturbed.isPresent()) {
                for (Sample sample : new SampleFile().read(perturbed.get())) {
                    more.put(sample.prompt(), sample);
                }
            }
            List<Sample> training = part(all, ALL - authors, ALL, more);
            List<Sample> held = part(all, ALL - authors - holdout, ALL - authors, more);
            Tokenizer tokenizer = new BpeTrainer(vocabulary)
                    .train(Stream.concat(held.stream(), training.stream())
                            .map(sample -> PromptFormat.QUESTION.of(sample.prompt()) + sample.answer())
                            .toList());
            List<String> refusals =
                    beside(full, "idontknow.jsonl").map(JsonRows::sentences).orElse(List.of());
            return new Corpus("tofu", tokenizer, PromptFormat.QUESTION, training, held, refusals);
        } catch (IOException e) {
            throw JsonRows.unreadable(full, e);
        }
    }

    private static List<Sample> part(List<Sample> all, int from, int to, Map<String, Sample> more) {
        List<Sample> part = new ArrayList<>();
        for (int row = from * QUESTIONS; row < to * QUESTIONS; row++) {
            Sample sample = all.get(row);
            Sample known = more.getOrDefault(sample.prompt(), sample);
            part.add(new Sample(
                    sample.prompt(),
                    sample.answer(),
                    "author " + row / QUESTIONS,
                    false,
                    known.paraphrasedPrompt(),
                    known.paraphrasedAnswer(),
                    known.wrongAnswers()));
        }
        return part;
    }

    private static Path full(DataFolders folders) {
        return folders.find("llm/tofu/full.json", "tofu/full.json")
                .orElseThrow(() -> new LetheException(
                        LetheException.Code.DATA,
                        "data tofu is in none of the folders " + folders.folders()
                                + " (looked for llm/tofu/full.json and" + " tofu/full.json); " + REMEDY));
    }

    private static Optional<Path> beside(Path full, String name) {
        return Optional.of(full.resolveSibling(name))
                .filter(file -> file.toFile().isFile());
    }

    @Override
    public List<Path> files(DataFolders folders) {
        Path full = full(folders);
        return Stream.concat(
                        Stream.of(full),
                        Stream.of("forget10_perturbed.json", "idontknow.jsonl")
                                .flatMap(name -> beside(full, name).stream()))
                .toList();
    }
}
