package org.lethe.text.align;

import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.lethe.Chain;
import org.lethe.Check;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.numerics.Keyed;
import org.lethe.text.Corpus;
import org.lethe.text.Preference;
import org.lethe.text.Sample;

/**
 * A request to a language model to prefer some answers to others, by unlearning unwanted ones or by learning from
 * pairs.
 *
 * <p>Unwanted answers are cheap: reports, red-teaming. Pairs are dear, so that few are given.
 *
 * @param groups groups of unwanted training samples that may be unlearned; empty for all
 * @param percent share of these samples that may be unlearned, the candidates
 * @param pairs number of preference pairs that a method may use
 * @param seed seed of the choice of both
 */
@Named("align")
public record Align(List<String> groups, double percent, int pairs, long seed) implements Request {
    public Align {
        groups = List.copyOf(groups);
        Check.require(percent > 0 && percent <= 100, "percent", percent, "above 0, at most 100");
        Check.require(pairs >= 1, "pairs", pairs, "at least 1");
    }

    /** 65 % of the unwanted samples, as published for SafeRLHF, and 64 pairs. */
    public Align() {
        this(List.of(), 65, 64, 42);
    }

    /** The last step of a request that aligns. */
    static Align of(Request request, String who) {
        for (Request step : Chain.steps(request).reversed()) {
            if (step instanceof Align align) {
                return align;
            }
        }
        throw new LetheException(
                LetheException.Code.STUDY,
                who + " suits requests to align, not "
                        + String.join(
                                ", then ",
                                Chain.steps(request).stream()
                                        .map(Named.Of::name)
                                        .toList()));
    }

    /** The places of the candidates in a list of samples, ascending. */
    public int[] candidates(List<Sample> samples) {
        Keyed key = Keyed.seed(seed).of("candidates");
        int[] unwanted = IntStream.range(0, samples.size())
                .filter(s -> samples.get(s).unwanted()
                        && (groups.isEmpty() || groups.contains(samples.get(s).group())))
                .toArray();
        long wanted = Math.round(unwanted.length * percent / 100);
        return IntStream.of(unwanted)
                .boxed()
                .sorted(Comparator.comparingLong((Integer s) -> key.at(s)).thenComparingInt(s -> s))
                .limit(wanted)
                .sorted()
                .mapToInt(s -> s)
                .toArray();
    }

    /** The pairs that a method may use. */
    public List<Preference> pairs(List<Preference> all) {
        return ordered(all, "pairs").subList(0, Math.min(pairs, all.size()));
    }

    /** The half of the held-out pairs by which a method may choose its result. */
    public List<Preference> choosing(List<Preference> heldOut) {
        return ordered(heldOut, "held-out").subList(0, (heldOut.size() + 1) / 2);
    }

    /**
     * The pairs by which an audit judges: no method learned or chose by them. They are the other half of the held-out
     * pairs, or where none are held out the pairs that the request leaves over, of which there may be none.
     */
    public List<Preference> judging(Corpus corpus) {
        List<Preference> heldOut = corpus.heldOutPreferences();
        if (heldOut.isEmpty()) {
            List<Preference> all = corpus.preferences();
            return ordered(all, "pairs").subList(Math.min(pairs, all.size()), all.size());
        }
        return ordered(heldOut, "held-out").subList((heldOut.size() + 1) / 2, heldOut.size());
    }

    private List<Preference> ordered(List<Preference> all, String purpose) {
        Keyed key = Keyed.seed(seed).of(purpose);
        return IntStream.range(0, all.size())
                .boxed()
                .sorted(Comparator.comparingLong((Integer p) -> key.at(p)).thenComparingInt(p -> p))
                .map(all::get)
                .toList();
    }

    /** The corpus without the candidates: what the reference of this request is trained on. */
    public Corpus remaining(Corpus corpus) {
        Set<Integer> gone = IntStream.of(candidates(corpus.training())).boxed().collect(Collectors.toSet());
        return corpus.training(IntStream.range(0, corpus.training().size())
                .filter(s -> !gone.contains(s))
                .mapToObj(corpus.training()::get)
                .toList());
    }
}
