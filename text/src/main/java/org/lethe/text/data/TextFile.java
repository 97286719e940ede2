package org.lethe.text.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.numerics.Keyed;
import org.lethe.text.Corpus;
import org.lethe.text.Preference;
import org.lethe.text.PromptFormat;
import org.lethe.text.Sample;
import org.lethe.text.tokenizer.BpeTrainer;
import org.lethe.text.tokenizer.ChatTemplate;
import org.lethe.text.tokenizer.Tokenizer;

/**
 * The user's own samples: a {@code .jsonl} or {@code .json} file, gzipped or not; only the files named here are read.
 *
 * <p>A row has {@code prompt, answer} or {@code question, answer} or {@code instruction, input, output} or {@code messages} or
 * {@code text}, and optionally {@code group} and {@code unwanted}. Requests choose samples by group. Preferences have
 * {@code prompt, chosen, rejected}. {@link SampleFile} and {@link PreferenceFile} list every form.
 *
 * @param path path of the samples: absolute, from the current folder, or in a data folder
 * @param holdout path of samples that no model learns from; empty for none
 * @param preferences path of pairs of answers; empty for none
 * @param heldOutPreferences share of the pairs that only choose among models
 * @param refusals path of a text file with a sentence that declines to answer on each line; empty for none
 * @param chat chat template of conversations: llama2, llama3, chatml, zephyr or plain; empty for one question and its answer
 * @param before text before a prompt; unused with a chat template
 * @param after text between prompt and answer; unused with a chat template
 * @param vocabulary number of tokens of a model that is trained from scratch
 * @param seed seed of the held-out preferences
 */
@Named("file")
public record TextFile(
        String path,
        String holdout,
        String preferences,
        double heldOutPreferences,
        String refusals,
        String chat,
        String before,
        String after,
        int vocabulary,
        long seed)
        implements DataSource<Corpus> {
    public TextFile {
        Check.require(
                heldOutPreferences >= 0 && heldOutPreferences < 1,
                "heldOutPreferences",
                heldOutPreferences,
                "at least 0 and below 1");
        Check.require(
                chat.isEmpty()
                        || Stream.of(ChatTemplate.values())
                                .anyMatch(template -> template.word().equals(chat)),
                "chat",
                "\"" + chat + "\"",
                "llama2, llama3, chatml, zephyr, plain, or nothing");
        BpeTrainer.check(vocabulary);
    }

    /** No file yet. */
    public TextFile() {
        this("");
    }

    /** The samples of one file, with a line break between prompt and answer. */
    public TextFile(String path) {
        this(path, "", "", 0.2, "", "", "", "\n", 2048, 1);
    }

    @Override
    public Corpus load(DataFolders folders) {
        SampleFile reader = new SampleFile(template());
        List<Sample> training = samples(reader, path(folders)).samples();
        List<Sample> held = holdout.isEmpty()
                ? List.of()
                : samples(reader, found(folders, "holdout", holdout)).samples();
        List<Preference> learnt = new ArrayList<>();
        List<Preference> choosing = new ArrayList<>();
        if (!preferences.isEmpty()) {
            Path file = found(folders, "preferences", preferences);
            try {
                Keyed random = Keyed.seed(seed).of("held-out preferences");
                List<Preference> pairs = new PreferenceFile(template()).read(file);
                int out = (int) Math.round(pairs.size() * heldOutPreferences);
                List<Integer> order = PlantedFacts.order(random, pairs.size());
                boolean[] chosen = new boolean[pairs.size()];
                order.subList(0, out).forEach(place -> chosen[place] = true);
                for (int i = 0; i < chosen.length; i++) {
                    (chosen[i] ? choosing : learnt).add(pairs.get(i));
                }
            } catch (IOException e) {
                throw JsonRows.unreadable(file, e);
            }
        }
        PromptFormat format =
                chat.isEmpty() && training.stream().anyMatch(s -> !s.prompt().isEmpty())
                        ? new PromptFormat(before, after)
                        : PromptFormat.PLAIN; // plain texts have no prompt, and a chat template writes the whole one
        Tokenizer tokenizer = new BpeTrainer(vocabulary)
                .train(Stream.of(
                                training.stream().map(s -> format.of(s.prompt()) + s.answer()),
                                held.stream().map(s -> format.of(s.prompt()) + s.answer()),
                                Stream.concat(learnt.stream(), choosing.stream())
                                        .flatMap(p -> Stream.of(format.of(p.prompt()) + p.chosen(), p.rejected())))
                        .flatMap(texts -> texts)
                        .toList());
        return new Corpus(
                "file",
                tokenizer,
                format,
                training,
                held,
                learnt,
                choosing,
                List.of(),
                Optional.empty(),
                refusals.isEmpty() ? List.of() : JsonRows.sentences(found(folders, "refusals", refusals)));
    }

    private Optional<ChatTemplate> template() {
        return chat.isEmpty() ? Optional.empty() : Optional.of(ChatTemplate.named(chat));
    }

    private static SampleFile.Content samples(SampleFile reader, Path file) {
        try {
            return reader.content(file);
        } catch (IOException e) {
            throw JsonRows.unreadable(file, e);
        }
    }

    private Path path(DataFolders folders) {
        return found(folders, "path", path);
    }

    private static Path found(DataFolders folders, String component, String name) {
        if (name.isBlank()) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "file." + component + " is \"" + name + "\", expected the path of a file");
        }
        Path here = Path.of(name);
        return Files.isRegularFile(here)
                ? here
                : folders.find(name)
                        .filter(Files::isRegularFile)
                        .orElseThrow(() -> new LetheException(
                                LetheException.Code.DATA,
                                "file." + component + ": " + name + " is neither a file here nor in one of the folders "
                                        + folders.folders()));
    }

    @Override
    public List<Path> files(DataFolders folders) {
        List<Path> files = new ArrayList<>(List.of(path(folders)));
        if (!holdout.isEmpty()) {
            files.add(found(folders, "holdout", holdout));
        }
        if (!preferences.isEmpty()) {
            files.add(found(folders, "preferences", preferences));
        }
        if (!refusals.isEmpty()) {
            files.add(found(folders, "refusals", refusals));
        }
        return List.copyOf(files);
    }

    /** The number of samples, and the fields of the rows that are not read. */
    @Override
    public Map<String, String> facts(DataFolders folders) {
        SampleFile.Content content = samples(new SampleFile(template()), path(folders));
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("samples", Integer.toString(content.samples().size()));
        if (!content.unread().isEmpty()) {
            facts.put("fields not read", String.join(", ", content.unread()));
        }
        return facts;
    }
}
