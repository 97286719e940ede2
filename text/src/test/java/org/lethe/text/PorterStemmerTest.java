package org.lethe.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.lethe.numerics.Keyed;

class PorterStemmerTest {
    /** The examples of Porter (1980), steps 1a to 5b, carried through all steps by NLTK 3.10.3. */
    private static final String PUBLISHED = """
            caresses=caress ponies=poni ties=tie caress=caress cats=cat feed=feed agreed=agre plastered=plaster
            bled=bled motoring=motor sing=sing conflated=conflat troubled=troubl sized=size hopping=hop tanned=tan
            falling=fall hissing=hiss fizzed=fizz failing=fail filing=file happy=happi sky=sky relational=relat
            conditional=condit rational=ration valenci=valenc hesitanci=hesit digitizer=digit conformabli=conform
            radicalli=radic differentli=differ vileli=vile analogousli=analog vietnamization=vietnam
            predication=predic operator=oper feudalism=feudal decisiveness=decis hopefulness=hope callousness=callous
            formaliti=formal sensitiviti=sensit sensibiliti=sensibl triplicate=triplic formative=form
            formalize=formal electriciti=electr electrical=electr hopeful=hope goodness=good revival=reviv
            allowance=allow inference=infer airliner=airlin gyroscopic=gyroscop adjustable=adjust defensible=defens
            irritant=irrit replacement=replac adjustment=adjust dependent=depend adoption=adopt homologou=homolog
            communism=commun activate=activ angulariti=angular homologous=homolog effective=effect
            bowdlerize=bowdler probate=probat rate=rate cease=ceas controll=control roll=roll
            generalizations=gener oscillators=oscil
            """;

    /** Words on which NLTK's default differs from the paper; stems by NLTK 3.10.3. */
    private static final String EXTENDED = """
            dying=die died=die dies=die enjoy=enjoy spied=spi geology=geolog archaeology=archaeolog succeed=succeed
            news=news by=by skies=sky flies=fli fly=fli
            """;

    @Test
    void publishedExamplesHaveTheirStems() {
        check(PUBLISHED);
    }

    @Test
    void extensionsAreThoseOfTheReferencePackage() {
        check(EXTENDED);
    }

    @Test
    void anyWordHasAStemThatIsNotLonger() {
        String letters = "aeiouybcdlnstgz19";
        Keyed key = Keyed.seed(5);
        for (int n = 0; n < 20_000; n++) {
            StringBuilder word = new StringBuilder();
            int length = 1 + Keyed.below(key.of(n).at(-1), 12);
            for (int i = 0; i < length; i++) {
                word.append(letters.charAt(Keyed.below(key.of(n).at(i), letters.length())));
            }
            String stem = PorterStemmer.stem(word.toString());
            assertTrue(!stem.isEmpty() && stem.length() <= length, word + " gave " + stem);
        }
    }

    @Test
    void wordOfManyYsIsStemmedWithoutDelay() {
        assertEquals(99_999, PorterStemmer.stem("y".repeat(100_000) + "s").length(), 1);
    }

    private static void check(String pairs) {
        for (String pair : pairs.trim().split("\\s+")) {
            String[] parts = pair.split("=");
            assertEquals(parts[1], PorterStemmer.stem(parts[0]), parts[0]);
        }
    }
}
