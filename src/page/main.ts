/** The page's entry: hands the shell what only a page has, then starts it. The order of these lines matters. */
import './rtc.ts';
import '../ui/main.ts';
