package org.lethe.text.forget;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.LetheException;
import org.lethe.text.Corpus;
import org.lethe.text.PromptFormat;
import org.lethe.text.Sample;
import org.lethe.text.tokenizer.Tokenizer;

final class ForgetSamplesTest {
    /** Twelve samples of the authors Ada, Bob and Cyd in turn. */
    private static Corpus corpus() {
        List<Sample> samples = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            samples.add(
                    new Sample("q" + i, "a" + i, List.of("Ada", "Bob", "Cyd").get(i % 3)));
        }
        return new Corpus("letters", words(), PromptFormat.PLAIN, samples, List.of(), List.of("no"));
    }

    private static Tokenizer words() {
        return Tokenizer.of("""
            {"version": "1.0", "truncation": null, "padding": null, "normalizer": null,
             "added_tokens": [{"id": 2, "content": "</s>", "single_word": false, "lstrip": false, "rstrip": false,
              "normalized": false, "special": true}],
             "pre_tokenizer": {"type": "WhitespaceSplit"}, "post_processor": null, "decoder": null,
             "model": {"type": "WordLevel", "vocab": {"<unk>": 0, "no": 1, "</s>": 2}, "unk_token": "<unk>"}}
            """);
    }

    @Test
    void lastGroupsGoWithAllTheirSamples() {
        ForgetSamples.Forgotten one = ForgetSamples.last(1).resolve(corpus());
        assertArrayEquals(new int[] {2, 5, 8, 11}, one.indices());
        assertEquals(8, one.remaining().training().size());
        assertTrue(one.remaining().training().stream().noneMatch(s -> s.group().equals("Cyd")));
        assertArrayEquals(
                new int[] {1, 2, 4, 5, 7, 8, 10, 11},
                new ForgetSamples().resolve(corpus()).indices());
        assertTrue(ForgetSamples.last(0).resolve(corpus()).nothing());
    }

    @Test
    void groupsAreNamedAndSamplesListed() {
        assertArrayEquals(
                new int[] {0, 3, 6, 9},
                ForgetSamples.ofGroups("Ada").resolve(corpus()).indices());
        ForgetSamples.Forgotten listed = ForgetSamples.listed(List.of(7, 2)).resolve(corpus());
        assertArrayEquals(new int[] {2, 7}, listed.indices());
        assertEquals("q2", listed.samples().getFirst().prompt());
    }

    @Test
    void randomShareIsAFunctionOfItsSeed() {
        int[] some = ForgetSamples.random(25, 1).resolve(corpus()).indices();
        assertEquals(3, some.length);
        assertArrayEquals(some, ForgetSamples.random(25, 1).resolve(corpus()).indices());
        assertTrue(ForgetSamples.random(0, 1).resolve(corpus()).nothing());
    }

    @Test
    void impossibleRequestsAreRefusedByName() {
        assertRefused("groups[0] is no group of", ForgetSamples.ofGroups("Adda"));
        assertRefused("samples has 12, expected 0 to 11", ForgetSamples.listed(List.of(12)));
        assertRefused("count is 4, expected at most 3", ForgetSamples.last(4));
        assertRefused("all 12 samples", ForgetSamples.last(3));
        assertRefused("selects none", ForgetSamples.random(5, 1));
        assertThrows(IllegalArgumentException.class, () -> ForgetSamples.ofGroups());
        assertThrows(IllegalArgumentException.class, () -> ForgetSamples.listed(List.of(-1)));
        assertThrows(IllegalArgumentException.class, () -> ForgetSamples.random(101, 1));
    }

    private static void assertRefused(String what, ForgetSamples request) {
        LetheException refused = assertThrows(LetheException.class, () -> request.resolve(corpus()));
        assertEquals(LetheException.Code.STUDY, refused.code());
        assertTrue(refused.getMessage().contains(what), refused.getMessage());
    }
}
