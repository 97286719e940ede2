package org.lethe.text.align;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.lethe.Check;
import org.lethe.LetheException;
import org.lethe.text.Corpus;
import org.lethe.text.Encoded;
import org.lethe.text.LanguageModel;
import org.lethe.text.Preference;
import org.lethe.text.Sample;
import org.lethe.text.align.AlignmentObjective.Pair;
import org.lethe.text.align.AlignmentObjective.Question;

/**
 * A request to align as a model reads it: everything in tokens.
 *
 * @param candidates unwanted answers that may be unlearned
 * @param retained wanted answers, by which utility is measured
 * @param pairs for learning
 * @param heldOut pairs for choosing among rounds
 * @param questions prompts of the pairs, with every answer of the grammar where it is small, else with none
 * @param heldOutQuestions the same of the held-out pairs
 * @param reward of an answer to a question, where there is one
 * @param end token that ends an answer
 * @param longest most tokens of a sampled answer
 */
record AlignmentTask(
        List<Encoded> candidates,
        List<Encoded> retained,
        List<Pair> pairs,
        List<Pair> heldOut,
        List<Question> questions,
        List<Question> heldOutQuestions,
        Optional<AnswerReward> reward,
        int end,
        int longest) {
    /** Grammars with more answers than this are not enumerated. */
    static final int LARGEST_GRAMMAR = 256;

    /** The reward of an answer's tokens, without its end token, to a prompt's tokens. */
    @FunctionalInterface
    interface AnswerReward {
        double of(int[] prompt, int[] answer);
    }

    AlignmentTask {
        Check.require(
                !candidates.isEmpty(), "candidates", 0, "at least 1 unwanted training sample of the request's groups");
        Check.require(!retained.isEmpty(), "wanted training samples", 0, "at least 1");
        Check.require(!pairs.isEmpty(), "preference pairs", 0, "at least 1");
        Check.require(!heldOut.isEmpty(), "held-out preference pairs", 0, "at least 1");
        candidates = List.copyOf(candidates);
        retained = List.copyOf(retained);
        pairs = List.copyOf(pairs);
        heldOut = List.copyOf(heldOut);
        questions = List.copyOf(questions);
        heldOutQuestions = List.copyOf(heldOutQuestions);
    }

    /** The reason why a request cannot be carried out on a corpus. */
    private static void suits(Corpus corpus, Align request) {
        if (corpus.preferences().isEmpty()) {
            throw new LetheException(
                    LetheException.Code.STUDY, corpus.name() + " has no preference pairs, which align learns from");
        }
        if (corpus.training().stream().noneMatch(Sample::unwanted)) {
            throw new LetheException(
                    LetheException.Code.STUDY, corpus.name() + " has no unwanted samples, which align may unlearn");
        }
        if (request.candidates(corpus.training()).length == 0) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "groups is " + request.groups() + ", expected groups of unwanted samples of " + corpus.name() + ": "
                            + corpus.training().stream()
                                    .filter(Sample::unwanted)
                                    .map(Sample::group)
                                    .distinct()
                                    .limit(20)
                                    .toList());
        }
    }

    static AlignmentTask of(Corpus corpus, Align request, LanguageModel model) {
        suits(corpus, request);
        List<Preference> chosen = request.pairs(corpus.preferences());
        List<Preference> held = request.choosing(corpus.heldOutPreferences());
        if (held.isEmpty()) {
            // half of the few pairs then chooses among rounds
            Check.require(chosen.size() >= 2, "pairs", chosen.size(), "at least 2, as none are held out");
            held = chosen.subList(chosen.size() / 2, chosen.size());
            chosen = chosen.subList(0, chosen.size() / 2);
        }
        Optional<AnswerReward> reward = reward(corpus, model);
        List<String> grammar = grammar(corpus);
        int longest = corpus.training().stream()
                .mapToInt(s -> model.tokenizer().encode(s.answer()).length + 1)
                .max()
                .orElse(1);
        return new AlignmentTask(
                Arrays.stream(request.candidates(corpus.training()))
                        .mapToObj(corpus.training()::get)
                        .map(model::encode)
                        .toList(),
                corpus.training().stream()
                        .filter(s -> !s.unwanted())
                        .map(model::encode)
                        .toList(),
                pairs(chosen, model),
                pairs(held, model),
                questions(chosen.stream().map(Preference::prompt), corpus, grammar, model),
                questions(held.stream().map(Preference::prompt), corpus, grammar, model),
                reward,
                model.tokenizer().end(),
                longest);
    }

    /**
     * The reward of a corpus for answers in tokens. A prompt is looked up, since decoding need not give its text back.
     */
    static Optional<AnswerReward> reward(Corpus corpus, LanguageModel model) {
        return corpus.reward().map(r -> {
            Map<List<Integer>, String> texts = new HashMap<>();
            Stream.of(
                            corpus.prompts().stream(),
                            corpus.preferences().stream().map(Preference::prompt),
                            corpus.heldOutPreferences().stream().map(Preference::prompt))
                    .flatMap(s -> s)
                    .forEach(p -> texts.put(whole(Encoded.prompt(model.tokenizer(), model.format(), p)), p));
            return (prompt, answer) -> {
                String text = Optional.ofNullable(texts.get(whole(prompt)))
                        .orElseThrow(() -> new IllegalArgumentException(
                                "prompt is " + Arrays.toString(prompt) + ", expected one of the corpus"));
                return r.of(text, model.tokenizer().decode(answer));
            };
        });
    }

    private static List<Integer> whole(int[] tokens) {
        return Arrays.stream(tokens).boxed().toList();
    }

    static List<Pair> pairs(List<Preference> preferences, LanguageModel model) {
        return preferences.stream()
                .map(p -> new Pair(model.encode(p.prompt(), p.chosen()), model.encode(p.prompt(), p.rejected())))
                .toList();
    }

    /**
     * All answers that a corpus gives to anything, where they are few enough to be enumerated for each prompt; else
     * none.
     */
    static List<String> grammar(Corpus corpus) {
        Set<String> answers = new LinkedHashSet<>();
        corpus.training().forEach(s -> answers.add(s.answer()));
        corpus.holdout().forEach(s -> answers.add(s.answer()));
        Stream.concat(corpus.preferences().stream(), corpus.heldOutPreferences().stream())
                .forEach(p -> {
                    answers.add(p.chosen());
                    answers.add(p.rejected());
                });
        return answers.size() <= LARGEST_GRAMMAR ? new ArrayList<>(answers) : List.of();
    }

    static List<Question> questions(Stream<String> prompts, Corpus corpus, List<String> grammar, LanguageModel model) {
        List<String> known = corpus.reward().isPresent() ? grammar : List.of();
        return prompts.distinct()
                .map(p -> new Question(
                        Encoded.prompt(model.tokenizer(), model.format(), p),
                        known.stream().map(a -> model.encode(p, a)).toList(),
                        known.stream()
                                .mapToDouble(a -> corpus.reward().orElseThrow().of(p, a))
                                .toArray()))
                .toList();
    }

    /** Whether expected rewards can be enumerated. */
    boolean enumerable() {
        return Stream.concat(questions.stream(), heldOutQuestions.stream())
                        .noneMatch(q -> q.answers().isEmpty())
                && !heldOutQuestions.isEmpty()
                && !questions.isEmpty();
    }

    /** The tokens of an answer without its end token. */
    int[] answer(Encoded sample) {
        return answer(sample, end);
    }

    /** The tokens of an answer without an end token. */
    static int[] answer(Encoded sample, int end) {
        int to = sample.ids()[sample.length() - 1] == end ? sample.length() - 1 : sample.length();
        return IntStream.range(sample.answer(), to).map(t -> sample.ids()[t]).toArray();
    }
}
